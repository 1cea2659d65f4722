//! What says whom this machine may speak to, and what may be plugged into it.

use crate::site::{
    text::{FileTexts, Site},
    values::TillAddress,
};

/// UDP port of a DHCP server (RFC 2131 section 4.1).
const DHCP_SERVER: u16 = 67;

fn is_v4(site: &Site<FileTexts>) -> bool {
    site.collector.address.0.is_ipv4()
}

fn is_dhcp(site: &Site<FileTexts>) -> bool {
    site.network.address == TillAddress::Dhcp
}

/// The elements of the firewall's sets (nft(8)): where the link process may connect to, and the port
/// by which the machine may ask for an address.
pub fn collector_set(site: &Site<FileTexts>) -> String {
    let mut text = format!("# From the site's bundle, version {}.\n", site.version);
    for set in ["collector4", "collector6", "dhcp4"] {
        text.push_str(&format!("flush set inet sealpoint {set}\n"));
    }
    let set = if is_v4(site) {
        "collector4"
    } else {
        "collector6"
    };
    let (address, port) = (site.collector.address, site.collector.port);
    text.push_str(&format!(
        "add element inet sealpoint {set} {{ {address} . {port} }}\n"
    ));
    if is_dhcp(site) {
        text.push_str(&format!(
            "add element inet sealpoint dhcp4 {{ {DHCP_SERVER} }}\n"
        ));
    }
    text
}

/// The only names that this machine knows (hosts(5)): it asks no DNS.
pub fn hosts(site: &Site<FileTexts>) -> String {
    format!(
        "127.0.0.1 localhost\n::1 localhost\n{} {}\n",
        site.collector.address, site.collector.name
    )
}

/// The network (systemd.network(5)): the collector's family alone, and of what a DHCP server says an
/// address and the way out. Names, time, host name and time zone are not a network's to say.
pub fn network(site: &Site<FileTexts>) -> String {
    let mut text = format!(
        "# From the site's bundle, version {}.\n[Match]\nType=ether\n\n[Link]\n\
         RequiredForOnline=no\n\n[Network]\nLLMNR=no\nMulticastDNS=no\nDNSDefaultRoute=no\n\
         IPv6AcceptRA=no\n",
        site.version
    );
    text.push_str(if is_v4(site) {
        "LinkLocalAddressing=no\n"
    } else {
        "LinkLocalAddressing=ipv6\n"
    });
    match site.network.address {
        TillAddress::Dhcp => text.push_str(
            "DHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\nSendHostname=no\nUseDNS=no\n\
             UseDomains=no\nUseNTP=no\nUseSIP=no\nUseHostname=no\nUseTimezone=no\n",
        ),
        TillAddress::Fixed(own) => {
            text.push_str(&format!("DHCP=no\nAddress={own}\n"));
            if let Some(gateway) = site.network.gateway {
                text.push_str(&format!("Gateway={gateway}\n"));
            }
        }
    }
    text
}

/// Marks each listed device for the rule that decides (udev(7)).
pub fn usb_rules(site: &Site<FileTexts>) -> String {
    let mut text = format!("# From the site's bundle, version {}.\n", site.version);
    for device in &site.usb.devices {
        text.push_str(&format!(
            "ACTION!=\"remove\", SUBSYSTEM==\"usb\", ENV{{DEVTYPE}}==\"usb_device\", \
             ATTR{{idVendor}}==\"{:04x}\", ATTR{{idProduct}}==\"{:04x}\", \
             ENV{{SEALPOINT_USB_LISTED}}=\"1\"\n",
            device.vendor, device.product
        ));
    }
    text
}
