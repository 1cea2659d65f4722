//! Charges without contacts: the entry point and the kernels behind it (EMV contactless Books A, B
//! and C).
//!
//! The reader's field, collisions and the light signals are the reader's and the driver's; here is
//! what Book B calls Start A to D without them. One presentment is one [`crate::Kernel`]: where the
//! books restart with the same card held up again (*Try Again*), the charge ends with
//! [`crate::Ending::SeePhone`] or [`crate::Ending::PresentAgain`], and the driver makes another
//! kernel with a fresh unpredictable number.
//!
//! | what | module | source |
//! |---|---|---|
//! | pre-processing, limits | `limits` | Book B §3.1 |
//! | directory of the card | `directory` | Book B §3.3.2 |
//! | candidates and their order | `candidates` | Book B §3.3.2, §3.3.3 |
//! | what the kernel's inputs come to | `course` | Book B §3.5 |
//! | steps, and what outcomes lead to | `entry_point` | Book B §3.3 to §3.5 |
//! | what a kernel may say | `kernel` | Book A §6 |
//! | terminal and card qualifiers | `qualifiers` | Book A table 5-4, Book C-3 Annex A |
//! | Visa's kernel | `c3` | Book C-3 §5 |
//!
//! A further kernel is a module beside `c3`, a value of [`crate::ContactlessKernel`], and an arm in
//! each function of `kernel`.
//!
//! Deliberately absent: magnetic stripe mode; charges of nothing and status checks (a charge has at
//! least one minor unit); extended selection (tag 9F29); limits by program (tag 9F5A, Book C-3 §5.1);
//! issuer update processing, which would want the card a second time: the reader does not offer it, so
//! what an issuer answers for the card is not delivered.

mod c3;
mod candidates;
mod course;
mod directory;
mod entry_point;
mod kernel;
mod limits;
mod qualifiers;

pub(crate) use directory::default_kernel;
pub(crate) use entry_point::EntryPoint;
