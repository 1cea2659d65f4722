//! Bounds of what a retailer may allow without the issuer.

use sealpoint_wire::OfflinePolicy;

use super::BadContent;

/// Minor units of the largest limit: twelve digits, as an amount has (ISO 8583 DE 4).
pub const MAX_OFFLINE_MINOR: i64 = 999_999_999_999;
/// Charges of the largest limit: each one waits on the till with its sealed card.
pub const MAX_OFFLINE_RECORDS: u32 = 10_000;
/// Hours of the largest limit: thirty days, after which no scheme takes a charge as it stands.
pub const MAX_OFFLINE_HOURS: u32 = 720;

/// # Errors
/// [`BadContent::Offline`] names the first limit that no till would keep.
pub(super) fn check(policy: &OfflinePolicy) -> Result<(), BadContent> {
    let records = i64::from(MAX_OFFLINE_RECORDS);
    let limits = [
        ("per_sale_minor", policy.per_sale_minor, MAX_OFFLINE_MINOR),
        ("per_till_minor", policy.per_till_minor, MAX_OFFLINE_MINOR),
        (
            "per_card_day_minor",
            policy.per_card_day_minor,
            MAX_OFFLINE_MINOR,
        ),
        (
            "per_card_day_count",
            policy.per_card_day_count.into(),
            records,
        ),
        ("max_records", policy.max_records.into(), records),
        (
            "max_hours",
            policy.max_hours.into(),
            MAX_OFFLINE_HOURS.into(),
        ),
    ];
    match limits
        .into_iter()
        .find(|(_, found, most)| !(0..=*most).contains(found))
    {
        Some((limit, found, most)) => Err(BadContent::Offline { limit, found, most }),
        None => Ok(()),
    }
}
