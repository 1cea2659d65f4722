//! The action codes of 1993 (DE 39, three digits) and the response codes of 1987 (two characters).
//!
//! The till, and the card by tag 8A, know two characters. Where several action codes mean one
//! response code, the first of the table is the one that is written.

/// Approved.
pub const APPROVED: [u8; 2] = *b"00";
/// Approved for a part of the amount.
pub const PARTLY_APPROVED: [u8; 2] = *b"10";
/// The host has no such original.
pub const NO_ORIGINAL: [u8; 2] = *b"25";
/// The host could not work on the message now; it decided nothing.
pub const LATER: [[u8; 2]; 6] = [*b"09", *b"19", *b"68", *b"90", *b"91", *b"96"];

/// Action code and response code, by rising action code but for the order that the module says.
const PAIRS: [([u8; 3], [u8; 2]); 41] = [
    (*b"000", APPROVED),
    (*b"001", *b"08"),
    (*b"002", PARTLY_APPROVED),
    (*b"100", *b"05"),
    (*b"101", *b"54"),
    (*b"102", *b"59"),
    (*b"104", *b"62"),
    (*b"106", *b"75"),
    (*b"107", *b"01"),
    (*b"109", *b"03"),
    (*b"110", *b"13"),
    (*b"111", *b"14"),
    (*b"116", *b"51"),
    (*b"117", *b"55"),
    (*b"118", *b"56"),
    (*b"119", *b"57"),
    (*b"120", *b"58"),
    (*b"121", *b"61"),
    (*b"122", *b"63"),
    (*b"123", *b"65"),
    (*b"200", *b"04"),
    (*b"202", *b"59"),
    (*b"208", *b"41"),
    (*b"209", *b"43"),
    (*b"400", APPROVED),
    (*b"600", APPROVED),
    (*b"601", NO_ORIGINAL),
    (*b"800", APPROVED),
    (*b"901", APPROVED),
    (*b"902", *b"12"),
    (*b"903", *b"19"),
    (*b"904", *b"30"),
    (*b"906", *b"90"),
    (*b"907", *b"91"),
    (*b"909", *b"96"),
    (*b"910", *b"91"),
    (*b"911", *b"68"),
    (*b"912", *b"91"),
    (*b"913", *b"94"),
    (*b"914", NO_ORIGINAL),
    (*b"923", *b"09"),
];

/// The response code for an action code. What the table has not is refused by its class: cards to
/// be kept, malfunctions, declines. None of these approves.
#[must_use]
pub fn response_of(action: [u8; 3]) -> [u8; 2] {
    let known = PAIRS.iter().find(|(code, _)| *code == action);
    known.map_or_else(
        || match action[0] {
            b'2' => *b"04",
            b'9' => *b"12",
            _ => *b"05",
        },
        |(_, response)| *response,
    )
}

/// The action code for a response code; declined (100) for one that the table has not.
#[must_use]
pub fn action_of(response: [u8; 2]) -> [u8; 3] {
    let known = PAIRS.iter().find(|(_, code)| *code == response);
    known.map_or(*b"100", |(action, _)| *action)
}
