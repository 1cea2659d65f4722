//! What is taken, and what is not.

use super::*;

/// Whether these are taken as that type, and come back as they were.
fn taken<T: core::str::FromStr + core::fmt::Display>(texts: &[&str]) -> bool {
    let same = |text: &&str| {
        text.parse::<T>()
            .is_ok_and(|value| value.to_string() == **text)
    };
    texts.iter().all(same)
}

fn refused<T: core::str::FromStr>(texts: &[&str]) -> bool {
    texts.iter().all(|text| text.parse::<T>().is_err())
}

#[test]
fn names_are_those_of_certificates_and_no_addresses() {
    let long = format!("{}.example", "a".repeat(64));
    assert!(taken::<HostName>(&[
        "collector",
        "a-1.example",
        "10.example"
    ]));
    assert!(refused::<HostName>(&[
        "",
        ".",
        "a.",
        ".a",
        "-a",
        "a-",
        "A",
        "a b",
        "a_b",
        "a\n",
        "10.0.0.1",
        "localhost",
        "x.localhost",
        "é.example",
        &long,
    ]));
}

#[test]
fn an_address_is_one_that_a_machine_may_have() {
    assert!(taken::<CollectorAddress>(&[
        "10.0.2.2",
        "192.0.2.1",
        "fd00::1",
        "2001:db8::1"
    ]));
    assert!(refused::<CollectorAddress>(&[
        "",
        "10.0.2",
        "10.0.2.2/24",
        "10.0.2.2:1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::",
        "ff02::1",
        "fe80::1",
        "::ffff:10.0.2.2",
        "[fd00::1]",
        "010.0.0.1",
    ]));
    assert!(taken::<TillAddress>(&[
        "dhcp",
        "10.1.2.30/24",
        "fd00::30/64"
    ]));
    assert!(refused::<TillAddress>(&[
        "",
        "DHCP",
        "10.1.2.30",
        "10.1.2.30/0",
        "10.1.2.30/33",
        "10.1.2.30/+24",
        "127.0.0.1/8",
        "fd00::1/129",
        "10.1.2.30/24/24",
    ]));
}

#[test]
fn a_reader_and_a_device_are_named_plainly() {
    assert!(taken::<Reader>(&[
        "pcsc",
        "pcsc:ACS ACR39U [CCID] (1) 00 00"
    ]));
    assert!(refused::<Reader>(&[
        "",
        "PCSC",
        "pcsc:",
        "pcsc: x",
        "virtual:/tmp/x",
        "pcsc:a\"b",
        "pcsc:a\\b",
        "pcsc:$HOME",
    ]));
    assert!(taken::<UsbId>(&["04b8:0e15"]));
    assert!(refused::<UsbId>(&[
        "",
        "04b8",
        "4b8:0e15",
        "04b8:0e15:1",
        "04b8:*",
        "+4b8:0e15"
    ]));
}
