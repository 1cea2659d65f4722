//! A receipt as PDF 1.7: one page, 80 mm wide, as long as its text, in Courier.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

/// Points per millimetre.
const MM: f32 = 72.0 / 25.4;
/// Width of the paper, millimetres.
const WIDTH_MM: f32 = 80.0;
/// Margin on each side, millimetres.
const MARGIN_MM: f32 = 5.0;
/// Size of the letters, points: 42 of them, each 0.6 wide, fill the width between the margins.
const SIZE: f32 = 7.87;
/// From one line to the next, points.
const LEADING: f32 = 9.6;

/// The receipt's text as a PDF file.
#[must_use]
pub fn receipt(text: &str) -> Vec<u8> {
    let lines: Vec<&str> = text.lines().collect();
    #[expect(
        clippy::cast_precision_loss,
        reason = "a receipt has far fewer than 2^23 lines"
    )]
    let height = 2.0 * MARGIN_MM * MM + LEADING * lines.len().max(1) as f32;
    let (catalog, pages, page, font, content) = (
        Ref::new(1),
        Ref::new(2),
        Ref::new(3),
        Ref::new(4),
        Ref::new(5),
    );
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages);
    pdf.pages(pages).kids([page]).count(1);
    let mut sheet = pdf.page(page);
    sheet
        .parent(pages)
        .media_box(Rect::new(0.0, 0.0, WIDTH_MM * MM, height))
        .contents(content);
    sheet.resources().fonts().pair(Name(b"F"), font);
    sheet.finish();
    pdf.type1_font(font)
        .base_font(Name(b"Courier"))
        .encoding_predefined(Name(b"WinAnsiEncoding"));
    let mut drawn = Content::new();
    drawn.begin_text();
    drawn.set_font(Name(b"F"), SIZE);
    drawn.set_leading(LEADING);
    drawn.next_line(MARGIN_MM * MM, height - MARGIN_MM * MM - SIZE);
    for line in lines {
        drawn.show(Str(&win_ansi(line)));
        drawn.next_line_using_leading();
    }
    drawn.end_text();
    pdf.stream(content, &drawn.finish());
    pdf.document_info(Ref::new(6)).title(TextStr("Receipt"));
    pdf.finish()
}

/// Windows-1252 (PDF 32000-1 Annex D.2), which Courier in every viewer has; `?` for what is not in it.
fn win_ansi(line: &str) -> Vec<u8> {
    line.chars()
        .map(|c| match c {
            ' '..='~' | '\u{a0}'..='ÿ' => u8::try_from(u32::from(c)).unwrap_or(b'?'),
            '€' => 0x80,
            '„' => 0x84,
            '…' => 0x85,
            'Š' => 0x8a,
            'Œ' => 0x8c,
            'Ž' => 0x8e,
            '‘' => 0x91,
            '’' => 0x92,
            '“' => 0x93,
            '”' => 0x94,
            '–' => 0x96,
            '—' => 0x97,
            'š' => 0x9a,
            'œ' => 0x9c,
            'ž' => 0x9e,
            'Ÿ' => 0x9f,
            _ => b'?',
        })
        .collect()
}
