//! The same functions for C: the one file of the house with `unsafe` in it.
//!
//! `pcscd` finds these by name and calls them with its pointers. Each is read or written once,
//! after a check for null and for a length within bounds, and everything else is done by
//! [`crate::ifd`]. A panic ends here as an error and does not unwind into `pcscd`.

#![expect(
    unsafe_code,
    reason = "the C interface of pcsc-lite, whose pointers are given (ifdhandler.h)"
)]

use std::ffi::{CStr, c_char, c_int, c_long, c_uchar, c_ulong};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::time::Duration;

use crate::code::Code;
use crate::ifd::{self, Capability, Power};

/// Bytes of the longest command or request that is read from `pcscd`
/// (`MAX_BUFFER_SIZE_EXTENDED`).
const MAX_INPUT: c_ulong = 4 + 3 + (1 << 16) + 3 + 2;

/// `TAG_IFD_POLLING_THREAD_WITH_TIMEOUT`.
const TAG_WAIT_FOR_EVENT: c_ulong = 0x0FB3;
/// `TAG_IFD_STOP_POLLING_THREAD`.
const TAG_STOP_WAITING: c_ulong = 0x0FB2;

/// `SCARD_IO_HEADER`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct IoHeader {
    /// 0 or 1, for T=0 or T=1.
    pub protocol: c_ulong,
    /// Bytes of this header.
    pub length: c_ulong,
}

/// Runs a call, whatever happens in it.
fn guard(call: impl FnOnce() -> Code) -> c_long {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or(Code::CommunicationError)
        .number()
}

fn done(result: Result<(), Code>) -> Code {
    result.err().unwrap_or(Code::Success)
}

/// A logical unit number fits in 32 bits; one that does not is no slot of ours.
fn lun(number: c_ulong) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The bytes at `bytes`; nothing if they cannot be bytes.
///
/// # Safety
/// If `bytes` is not null, `length` bytes there are readable and stay unchanged for `'a`.
unsafe fn input<'a>(bytes: *const c_uchar, length: c_ulong) -> Option<&'a [u8]> {
    if length == 0 {
        return Some(&[]);
    }
    if bytes.is_null() || length > MAX_INPUT {
        return None;
    }
    // SAFETY: not null, and the caller vouches for the rest.
    Some(unsafe { slice::from_raw_parts(bytes, usize::try_from(length).ok()?) })
}

/// Writes an answer if it fits in `room` bytes, and its length.
///
/// # Safety
/// If they are not null, `room` bytes at `to` and the number at `length` are writable.
unsafe fn output(answer: &[u8], to: *mut c_uchar, room: c_ulong, length: *mut c_ulong) -> Code {
    let Ok(written) = c_ulong::try_from(answer.len()) else {
        return Code::InsufficientBuffer;
    };
    if written > room {
        return Code::InsufficientBuffer;
    }
    if length.is_null() || (to.is_null() && written > 0) {
        return Code::CommunicationError;
    }
    if written > 0 {
        // SAFETY: not null, has room, and an answer of ours does not overlap with pcscd's.
        unsafe { to.copy_from_nonoverlapping(answer.as_ptr(), answer.len()) };
    }
    // SAFETY: not null, and the caller vouches for the rest.
    unsafe { length.write(written) };
    Code::Success
}

/// The room that a caller's number in and out says there is; none without it.
///
/// # Safety
/// If it is not null, the number at `length` is readable.
unsafe fn room(length: *const c_ulong) -> c_ulong {
    if length.is_null() {
        return 0;
    }
    // SAFETY: not null, and the caller vouches for the rest.
    unsafe { length.read() }
}

/// Opens a slot of the reader that DEVICENAME names.
///
/// # Safety
/// `device` is null or a C string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHCreateChannelByName(number: c_ulong, device: *const c_char) -> c_long {
    guard(|| {
        if device.is_null() {
            return Code::NoSuchDevice;
        }
        // SAFETY: not null, and pcscd passes a string that it ended.
        let device = unsafe { CStr::from_ptr(device) };
        match device.to_str() {
            Ok(device) => done(ifd::create_channel_by_name(lun(number), device)),
            Err(_) => Code::NoSuchDevice,
        }
    })
}

/// Called for an entry without DEVICENAME: there is no reader without a socket.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHCreateChannel(_number: c_ulong, _channel: c_ulong) -> c_long {
    Code::NoSuchDevice.number()
}

/// Closes a slot.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHCloseChannel(number: c_ulong) -> c_long {
    guard(|| done(ifd::close_channel(lun(number))))
}

/// Says what the reader can do.
///
/// # Safety
/// `length` is null or holds the room at `value`, which is null or writable for so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHGetCapabilities(
    number: c_ulong,
    tag: c_ulong,
    length: *mut c_ulong,
    value: *mut c_uchar,
) -> c_long {
    guard(|| {
        // The addresses of functions are asked for as bytes.
        let wait: extern "C" fn(c_ulong, c_int) -> c_long = wait_for_event;
        let stop: extern "C" fn(c_ulong) -> c_long = stop_waiting;
        let answer = match (tag, Capability::decode(tag)) {
            (TAG_WAIT_FOR_EVENT, _) => Ok((wait as usize).to_ne_bytes().to_vec()),
            (TAG_STOP_WAITING, _) => Ok((stop as usize).to_ne_bytes().to_vec()),
            (_, Some(capability)) => ifd::get_capability(lun(number), capability),
            _ => Err(Code::UnknownTag),
        };
        // SAFETY: as the caller of this function vouches.
        let room = unsafe { room(length) };
        match answer {
            // SAFETY: as the caller of this function vouches.
            Ok(answer) => unsafe { output(&answer, value, room, length) },
            Err(code) => code,
        }
    })
}

/// Nothing can be set.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHSetCapabilities(
    _number: c_ulong,
    _tag: c_ulong,
    _length: c_ulong,
    _value: *const c_uchar,
) -> c_long {
    Code::NotSupported.number()
}

/// Chooses T=0 (1) or T=1 (2).
#[unsafe(no_mangle)]
pub extern "C" fn IFDHSetProtocolParameters(
    number: c_ulong,
    protocol: c_ulong,
    _flags: c_uchar,
    _pts1: c_uchar,
    _pts2: c_uchar,
    _pts3: c_uchar,
) -> c_long {
    guard(|| done(ifd::set_protocol(lun(number), protocol)))
}

/// Powers a card up or down, or resets it.
///
/// # Safety
/// `length` is null or holds the room at `atr`, which is null or writable for so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHPowerICC(
    number: c_ulong,
    action: c_ulong,
    atr: *mut c_uchar,
    length: *mut c_ulong,
) -> c_long {
    guard(|| {
        let Some(action) = Power::decode(action) else {
            return Code::NotSupported;
        };
        // SAFETY: as the caller of this function vouches.
        let room = unsafe { room(length) };
        match ifd::power(lun(number), action) {
            // SAFETY: as the caller of this function vouches.
            Ok(answer) => unsafe { output(&answer, atr, room, length) },
            Err(code) => code,
        }
    })
}

/// Hands a card a command.
///
/// # Safety
/// `command` is null or readable for `command_length` bytes; `answer_length` is null or holds
/// the room at `answer`, which is null or writable for so many bytes; `received` is null or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHTransmitToICC(
    number: c_ulong,
    sent: IoHeader,
    command: *const c_uchar,
    command_length: c_ulong,
    answer: *mut c_uchar,
    answer_length: *mut c_ulong,
    received: *mut IoHeader,
) -> c_long {
    guard(|| {
        // SAFETY: as the caller of this function vouches.
        let room = unsafe { room(answer_length) };
        // SAFETY: as the caller of this function vouches.
        let command = unsafe { input(command, command_length) };
        let response = match command {
            Some(command) => ifd::transmit(lun(number), command),
            None => Err(Code::CommunicationError),
        };
        let code = match response {
            // SAFETY: as the caller of this function vouches.
            Ok(response) => unsafe { output(&response, answer, room, answer_length) },
            Err(code) => code,
        };
        if code != Code::Success && !answer_length.is_null() {
            // SAFETY: not null, and the caller vouches for the rest.
            unsafe { answer_length.write(0) };
        }
        if !received.is_null() {
            // SAFETY: not null, and the caller vouches for the rest.
            unsafe { received.write(sent) };
        }
        code
    })
}

/// Says whether there is a card.
#[unsafe(no_mangle)]
pub extern "C" fn IFDHICCPresence(number: c_ulong) -> c_long {
    guard(|| ifd::presence(lun(number)))
}

/// Asks the reader itself for something.
///
/// # Safety
/// `request` is null or readable for `request_length` bytes; `answer` is null or writable for
/// `answer_room` bytes; `answer_length` is null or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn IFDHControl(
    number: c_ulong,
    code: c_ulong,
    request: *const c_uchar,
    request_length: c_ulong,
    answer: *mut c_uchar,
    answer_room: c_ulong,
    answer_length: *mut c_ulong,
) -> c_long {
    guard(|| {
        if answer_length.is_null() {
            return Code::CommunicationError;
        }
        // SAFETY: not null, and the caller vouches for the rest.
        unsafe { answer_length.write(0) };
        // SAFETY: as the caller of this function vouches.
        let request = unsafe { input(request, request_length) };
        let (Some(request), Ok(code)) = (request, u32::try_from(code)) else {
            return Code::NotSupported;
        };
        match ifd::control(lun(number), code, request) {
            // SAFETY: as the caller of this function vouches.
            Ok(bytes) => unsafe { output(&bytes, answer, answer_room, answer_length) },
            Err(code) => code,
        }
    })
}

/// What [`TAG_WAIT_FOR_EVENT`] names: waits so many milliseconds at most.
extern "C" fn wait_for_event(number: c_ulong, timeout_ms: c_int) -> c_long {
    let at_most = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0));
    guard(|| ifd::wait_for_event(lun(number), at_most))
}

/// What [`TAG_STOP_WAITING`] names.
extern "C" fn stop_waiting(number: c_ulong) -> c_long {
    guard(|| ifd::stop_waiting(lun(number)))
}

#[cfg(test)]
mod tests {
    use std::ffi::{CString, c_ulong};
    use std::ptr::{null, null_mut};
    use std::time::Instant;

    use super::*;

    const SUCCESS: c_long = 0;
    /// A slot of nobody.
    const NOWHERE: c_ulong = 0x0007_0000;

    /// A slot whose reader is not there. nextest gives each test a process of its own.
    fn open(number: c_ulong) {
        let device = CString::new("/nowhere/ifd:2").expect("no NUL");
        // SAFETY: a C string.
        let code = unsafe { IFDHCreateChannelByName(number, device.as_ptr()) };
        assert_eq!(code, SUCCESS);
    }

    fn capability(number: c_ulong, tag: c_ulong, room: usize) -> (c_long, Vec<u8>) {
        let mut value = vec![0xEE; room];
        let mut length = c_ulong::try_from(room).expect("small");
        // SAFETY: so much room is there.
        let code = unsafe { IFDHGetCapabilities(number, tag, &mut length, value.as_mut_ptr()) };
        value.truncate(usize::try_from(length).expect("small"));
        (code, value)
    }

    #[test]
    fn a_reader_that_is_not_there_can_be_opened_once_and_closed_once() {
        open(0);
        open(1);
        let device = CString::new("/nowhere/ifd:2").expect("no NUL");
        // SAFETY: a C string.
        let create = |number| unsafe { IFDHCreateChannelByName(number, device.as_ptr()) };
        assert_ne!(create(1), SUCCESS, "open already");
        assert_eq!(create(2), Code::NoSuchDevice.number(), "two slots only");
        assert_eq!(create(c_ulong::MAX), Code::NoSuchDevice.number());
        assert_eq!(IFDHICCPresence(0), Code::CardAbsent.number());
        // Once events are awaited, it is told that there is no reader.
        assert_eq!(wait_for_event(0, -1), SUCCESS);
        assert_eq!(IFDHICCPresence(0), Code::CommunicationError.number());
        assert_eq!(IFDHCloseChannel(0), SUCCESS);
        assert_eq!(IFDHCloseChannel(0), Code::NoSuchDevice.number());
        assert_eq!(IFDHICCPresence(0), Code::NoSuchDevice.number());
        assert_eq!(IFDHCloseChannel(1), SUCCESS);
    }

    #[test]
    fn a_wait_that_is_stopped_ends_and_the_next_one_lasts() {
        open(0);
        wait_for_event(0, 0);
        assert_eq!(stop_waiting(0), SUCCESS);
        // Ten minutes, else.
        assert_eq!(wait_for_event(0, 600_000), SUCCESS);
        // pcscd stops a wait whenever a card is given up: it would never rest again.
        let start = Instant::now();
        assert_eq!(wait_for_event(0, 20), SUCCESS);
        assert!(start.elapsed() >= Duration::from_millis(20));
        assert_eq!(stop_waiting(NOWHERE), Code::NoSuchDevice.number());
    }

    #[test]
    fn capabilities_fit_or_are_refused() {
        open(0);
        assert_eq!(capability(0, 0x0FAE, 1), (SUCCESS, vec![2]));
        assert_eq!(capability(0, 0x0FAF, 1), (SUCCESS, vec![16]));
        assert_eq!(capability(0, 0x0FAD, 1), (SUCCESS, vec![1]));
        assert_eq!(capability(0, 0x0303, 33), (SUCCESS, vec![]));
        for tag in [TAG_WAIT_FOR_EVENT, TAG_STOP_WAITING] {
            let (code, address) = capability(0, tag, 8);
            assert_eq!((code, address.len()), (SUCCESS, size_of::<usize>()));
        }
        let (code, untouched) = capability(0, TAG_WAIT_FOR_EVENT, 7);
        assert_eq!(code, Code::InsufficientBuffer.number());
        assert_eq!(untouched, [0xEE; 7]);
        assert_eq!(capability(0, 0x1234, 8).0, Code::UnknownTag.number());
        assert_eq!(
            capability(NOWHERE, 0x0FAE, 1).0,
            Code::NoSuchDevice.number()
        );
    }

    /// Room, and the length that is there after the call.
    type Length<'a> = Option<&'a mut c_ulong>;

    fn pointer(length: Length<'_>) -> *mut c_ulong {
        length.map_or(null_mut(), std::ptr::from_mut)
    }

    fn power_without_room(action: c_ulong, length: Length<'_>) -> c_long {
        // SAFETY: null, or a number of ours.
        unsafe { IFDHPowerICC(0, action, null_mut(), pointer(length)) }
    }

    fn transmit_to_nowhere(command: &[u8], stated: c_ulong, length: Length<'_>) -> c_long {
        let command = match command {
            [] => null(),
            bytes => bytes.as_ptr(),
        };
        let header = IoHeader {
            protocol: 1,
            length: 16,
        };
        // SAFETY: the stated length is more than is read, and that is what is tested.
        unsafe {
            IFDHTransmitToICC(
                0,
                header,
                command,
                stated,
                null_mut(),
                pointer(length),
                null_mut(),
            )
        }
    }

    fn control_without_room(code: c_ulong, room: c_ulong, length: Length<'_>) -> c_long {
        // SAFETY: null, or a number of ours.
        unsafe { IFDHControl(0, code, null(), 0, null_mut(), room, pointer(length)) }
    }

    #[test]
    fn null_pointers_and_absurd_lengths_are_refused() {
        open(0);
        // SAFETY: null is what it checks for.
        let created = unsafe { IFDHCreateChannelByName(1, null()) };
        assert_ne!(created, SUCCESS);
        // SAFETY: null is what it checks for.
        let asked = unsafe { IFDHGetCapabilities(0, 0x0FAE, null_mut(), null_mut()) };
        assert_ne!(asked, SUCCESS);
        let mut length = 258;
        // SAFETY: null is what it checks for, and a number of ours.
        let asked = unsafe { IFDHGetCapabilities(0, 0x0FAE, &mut length, null_mut()) };
        assert_ne!(asked, SUCCESS);
        for action in [500, 501, 7] {
            assert_ne!(power_without_room(action, None), SUCCESS);
        }
        assert_eq!(power_without_room(501, Some(&mut length)), SUCCESS);
        assert_eq!(length, 0, "no power, no ATR");
        length = 258;
        assert_ne!(transmit_to_nowhere(&[], 5, Some(&mut length)), SUCCESS);
        assert_eq!(length, 0, "no answer has no length");
        assert_ne!(transmit_to_nowhere(&[0], c_ulong::MAX, None), SUCCESS);
        let features = 0x4200_0D48;
        assert_ne!(control_without_room(features, 0, None), SUCCESS);
        for (code, room) in [(features, 64), (features, 0), (c_ulong::MAX, 0)] {
            length = 9;
            assert_ne!(control_without_room(code, room, Some(&mut length)), SUCCESS);
            assert_eq!(length, 0);
        }
        assert_ne!(IFDHSetProtocolParameters(0, 4, 0, 0, 0, 0), SUCCESS);
        assert_eq!(IFDHSetProtocolParameters(0, 2, 0, 0, 0, 0), SUCCESS);
        assert_ne!(IFDHSetCapabilities(0, 0, 0, null()), SUCCESS);
        assert_ne!(IFDHCreateChannel(0, 0), SUCCESS);
    }

    #[test]
    fn a_panic_ends_as_an_error() {
        let code = guard(|| panic!("a test panics on purpose"));
        assert_eq!(code, Code::CommunicationError.number());
    }
}
