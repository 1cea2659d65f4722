//! Names, addresses and devices.

use core::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use super::{BadValue, from_text};

/// Bytes of a DNS name (RFC 1035 section 2.3.4).
const MAX_NAME: usize = 253;
/// Bytes of one of its labels.
const MAX_LABEL: usize = 63;

/// A host's name: labels of small letters, digits and hyphens (RFC 1123 section 2.1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostName(String);

impl HostName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for HostName {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let label = |label: &str| {
            let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
            (1..=MAX_LABEL).contains(&label.len())
                && label.bytes().all(plain)
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A last label of digits alone would be read as an address.
        let last = text.rsplit('.').next().unwrap_or_default();
        let a_name = last.bytes().any(|byte| !byte.is_ascii_digit());
        if text.len() <= MAX_NAME && text.split('.').all(label) && a_name && last != "localhost" {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadValue::new(
                text,
                "host name",
                "write a name such as collector.example, in small letters, digits and hyphens",
            ))
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the collector is: one address that packets can be sent to, of either family.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CollectorAddress(pub IpAddr);

impl FromStr for CollectorAddress {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        text.parse()
            .ok()
            .filter(is_of_one_host)
            .map(Self)
            .ok_or_else(|| {
                BadValue::new(
                    text,
                    "address of a collector",
                    "write one IPv4 or IPv6 address, such as 10.9.0.10; a till asks no DNS",
                )
            })
    }
}

impl fmt::Display for CollectorAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Whether it is an address that one machine may have, in any network.
fn is_of_one_host(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !v4.is_unspecified() && !v4.is_multicast() && !v4.is_broadcast(),
        IpAddr::V6(v6) => {
            !v6.is_unspecified()
                && !v6.is_multicast()
                && !v6.is_unicast_link_local()
                && v6.to_ipv4_mapped().is_none()
        }
    }
}

/// An address with the length of its network's prefix (RFC 4632 section 3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
    /// The address.
    pub address: IpAddr,
    /// Bits of the prefix.
    pub prefix: u8,
}

impl FromStr for Cidr {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let read = || {
            let (address, prefix) = text.split_once('/')?;
            let address: IpAddr = address.parse().ok()?;
            let bits = if address.is_ipv4() {
                Ipv4Addr::BITS
            } else {
                Ipv6Addr::BITS
            };
            let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
            let prefix: u8 = prefix.parse().ok()?;
            let fits = (1..=bits).contains(&prefix.into());
            (digits && fits && is_of_one_host(&address) && !address.is_loopback())
                .then_some(Self { address, prefix })
        };
        read().ok_or_else(|| {
            BadValue::new(
                text,
                "address of a till",
                "write \"dhcp\", or an address with its prefix such as 10.1.2.30/24",
            )
        })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// How the till gets its address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum TillAddress {
    /// From the shop's DHCP server.
    Dhcp,
    /// This one.
    Fixed(Cidr),
}

impl FromStr for TillAddress {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        if text == "dhcp" {
            Ok(Self::Dhcp)
        } else {
            text.parse().map(Self::Fixed)
        }
    }
}

impl fmt::Display for TillAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dhcp => f.write_str("dhcp"),
            Self::Fixed(cidr) => cidr.fmt(f),
        }
    }
}

/// A kind of USB device: vendor and product (USB 2.0 section 9.6.1), four digits each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UsbId {
    /// Who made it.
    pub vendor: u16,
    /// Which of his products it is.
    pub product: u16,
}

impl FromStr for UsbId {
    type Err = BadValue;

    fn from_str(text: &str) -> Result<Self, BadValue> {
        let read = || {
            let (vendor, product) = text.split_once(':')?;
            let number = |digits: &str| {
                let plain = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit());
                plain.then(|| u16::from_str_radix(digits, 16).ok())?
            };
            Some(Self {
                vendor: number(vendor)?,
                product: number(product)?,
            })
        };
        read().ok_or_else(|| {
            BadValue::new(
                text,
                "USB device",
                "write vendor and product as `lsusb` shows them, such as 04b8:0e15",
            )
        })
    }
}

impl fmt::Display for UsbId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.product)
    }
}

from_text!(HostName CollectorAddress Cidr TillAddress UsbId);
