//! Commands and answers: short APDUs (ISO/IEC 7816-4, EMV 4.4 Book 3 6.3).

/// Status words that this card answers with (EMV 4.4 Book 3 6.3.5).
pub(super) mod status {
    pub(crate) const OK: u16 = 0x9000;
    pub(crate) const APPLICATION_BLOCKED: u16 = 0x6283;
    pub(crate) const AUTHENTICATION_FAILED: u16 = 0x6300;
    pub(crate) const WRONG_LENGTH: u16 = 0x6700;
    pub(crate) const OTHER_INTERFACE: u16 = 0x6984;
    pub(crate) const WRONG_SECURE_MESSAGING: u16 = 0x6988;
    pub(crate) const PIN_BLOCKED: u16 = 0x6983;
    pub(crate) const CONDITIONS_NOT_SATISFIED: u16 = 0x6985;
    pub(crate) const WRONG_DATA: u16 = 0x6A80;
    pub(crate) const FUNCTION_NOT_SUPPORTED: u16 = 0x6A81;
    pub(crate) const FILE_NOT_FOUND: u16 = 0x6A82;
    pub(crate) const RECORD_NOT_FOUND: u16 = 0x6A83;
    pub(crate) const WRONG_P1_P2: u16 = 0x6A86;
    pub(crate) const DATA_NOT_FOUND: u16 = 0x6A88;
    pub(crate) const INSTRUCTION_NOT_SUPPORTED: u16 = 0x6D00;
    pub(crate) const CLASS_NOT_SUPPORTED: u16 = 0x6E00;

    /// 63Cx: x tries are left.
    pub(crate) fn tries_left(tries: u8) -> u16 {
        0x63C0 | u16::from(tries.min(15))
    }

    /// 61xx: so many bytes wait for GET RESPONSE; 00 stands for 256.
    pub(crate) fn more_data(length: usize) -> u16 {
        0x6100 | low_byte(length)
    }

    /// 6Cxx: ask again with this Le; 00 stands for 256.
    pub(crate) fn wrong_le(length: usize) -> u16 {
        0x6C00 | low_byte(length)
    }

    fn low_byte(length: usize) -> u16 {
        u16::from(length.to_le_bytes()[0])
    }
}

/// One short command APDU.
pub(super) struct Command<'a> {
    pub(super) cla: u8,
    pub(super) ins: u8,
    pub(super) p1: u8,
    pub(super) p2: u8,
    pub(super) data: &'a [u8],
    /// How many bytes the terminal takes at most; 256 if it said 00.
    pub(super) le: Option<usize>,
}

impl<'a> Command<'a> {
    /// Tells the four cases apart by length (ISO/IEC 7816-4 5.1).
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Answer> {
        let wrong = || Answer::from(status::WRONG_LENGTH);
        let (&[cla, ins, p1, p2], body) = bytes.split_first_chunk().ok_or_else(wrong)?;
        let expected = |le: u8| if le == 0 { 256 } else { usize::from(le) };
        let (data, le) = match body {
            [] => (&[][..], None),
            [le] => (&[][..], Some(expected(*le))),
            [0, ..] => return Err(wrong()),
            [lc, rest @ ..] => match rest.split_at_checked(usize::from(*lc)) {
                Some((data, [])) => (data, None),
                Some((data, [le])) => (data, Some(expected(*le))),
                _ => return Err(wrong()),
            },
        };
        Ok(Self {
            cla,
            ins,
            p1,
            p2,
            data,
            le,
        })
    }

    /// Whether this is the command with this class and instruction.
    pub(super) fn is(&self, cla: u8, ins: u8) -> bool {
        (self.cla, self.ins) == (cla, ins)
    }

    /// Whether a successful answer carries data: SELECT, READ RECORD, GET
    /// CHALLENGE, INTERNAL AUTHENTICATE, GET PROCESSING OPTIONS, GENERATE AC,
    /// GET DATA.
    pub(super) fn returns_data(&self) -> bool {
        matches!(
            (self.cla, self.ins),
            (0x00, 0xA4 | 0xB2 | 0x84 | 0x88) | (0x80, 0xA8 | 0xAE | 0xCA)
        )
    }
}

/// An answer APDU: data and status word.
pub(super) struct Answer {
    pub(super) body: Vec<u8>,
    pub(super) status: u16,
}

impl Answer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        [&self.body[..], &self.status.to_be_bytes()].concat()
    }
}

impl From<u16> for Answer {
    fn from(status: u16) -> Self {
        Self {
            body: Vec::new(),
            status,
        }
    }
}

impl From<Vec<u8>> for Answer {
    fn from(body: Vec<u8>) -> Self {
        Self {
            body,
            status: status::OK,
        }
    }
}
