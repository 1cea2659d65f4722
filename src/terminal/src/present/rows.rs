//! Lists: each is kept and changed row by row, so that what did not change is not drawn again
//! and the focus ring stays where it is.

use sealpoint_screens::{
    BasketLine, Category, DemoCard, DemoView, Item, ParkedSale, QuickCash, TaxLine, TenderLine,
    TillView, TillWindow,
};
use sealpoint_till::View;
use sealpoint_till::view::{LineView, TileView};
use slint::{ComponentHandle, Model, ModelRc, SharedString, VecModel};

use super::amounts::{Style, age};
use super::fill::small;

/// Puts lists of our own in place of the preview's.
pub fn empty(window: &TillWindow) {
    let till = window.global::<TillView>();
    till.set_lines(list());
    till.set_taxes(list());
    till.set_categories(list());
    till.set_tiles(list());
    till.set_quick_cash(list());
    till.set_tenders(list());
    till.set_receipt(list());
    till.set_parked(list());
    till.set_card_choices(list());
    window.global::<DemoView>().set_cards(list());
    window.global::<DemoView>().set_on(false);
    till.set_screen(sealpoint_screens::Screen::Starting);
}

fn list<T: Clone + 'static>() -> ModelRc<T> {
    ModelRc::new(VecModel::default())
}

/// Makes the list hold these rows.
fn set<T: Clone + PartialEq + 'static>(list: &ModelRc<T>, rows: Vec<T>) {
    let Some(list) = list.as_any().downcast_ref::<VecModel<T>>() else {
        return;
    };
    while list.row_count() > rows.len() {
        list.remove(list.row_count() - 1);
    }
    for (index, row) in rows.into_iter().enumerate() {
        match list.row_data(index) {
            None => list.push(row),
            Some(old) if old == row => {}
            Some(_) => list.set_row_data(index, row),
        }
    }
}

/// Sets every list of the window.
pub fn fill(window: &TillWindow, view: &View, style: Style<'_>) {
    let till = window.global::<TillView>();
    set(
        &till.get_lines(),
        view.basket
            .lines
            .iter()
            .rev()
            .map(|l| line(l, view, style))
            .collect(),
    );
    set(&till.get_taxes(), taxes(view, style));
    set(&till.get_categories(), categories(view));
    set(
        &till.get_tiles(),
        view.shelf.tiles.iter().map(|t| item(t, style)).collect(),
    );
    set(&till.get_quick_cash(), quick_cash(view, style));
    set(&till.get_tenders(), tenders(view, style));
    set(&till.get_parked(), parked(view, style));
    let choices = view.card.iter().flat_map(|card| &card.choices);
    set(
        &till.get_card_choices(),
        choices.map(SharedString::from).collect(),
    );
    let receipt = view
        .receipt
        .as_ref()
        .map(|r| r.text.as_str())
        .unwrap_or_default();
    set(
        &till.get_receipt(),
        receipt.lines().map(SharedString::from).collect(),
    );
    set(&window.global::<DemoView>().get_cards(), demo_cards(view));
}

/// A line of the basket; its detail says what its amount is made of, if that is worth saying.
pub fn line(line: &LineView, view: &View, style: Style<'_>) -> BasketLine {
    let price = style.money(line.unit_price_minor);
    let weighed = line.quantity.ends_with("kg");
    let detail = match (line.multiple, weighed) {
        (false, _) => String::new(),
        (true, false) => format!("{} × {price}", line.quantity),
        (true, true) => format!("{} × {price}/kg", style.decimals(&line.quantity)),
    };
    BasketLine {
        id: small(line.no.into()),
        name: line.name.as_str().into(),
        detail: detail.into(),
        amount: style.money(line.total_minor).into(),
        min_age: i32::from(line.min_age),
        selected: view.basket.selected == Some(line.no),
        voided: line.voided,
    }
}

fn taxes(view: &View, style: Style<'_>) -> Vec<TaxLine> {
    let rate = |bp: u32| {
        let whole = bp / 100;
        match bp % 100 {
            0 => slint::format!("{whole}\u{A0}%"),
            part => slint::format!("{}\u{A0}%", style.decimals(&format!("{whole}.{part:02}"))),
        }
    };
    let tax = |share: &sealpoint_sale::TaxShare| TaxLine {
        rate: rate(share.rate_bp),
        amount: style.money(share.tax_minor).into(),
    };
    view.basket.tax.iter().map(tax).collect()
}

fn categories(view: &View) -> Vec<Category> {
    let category = |name: &String| Category {
        id: name.as_str().into(),
        name: name.as_str().into(),
        selected: view.shelf.category.as_ref() == Some(name),
    };
    view.shelf.categories.iter().map(category).collect()
}

fn item(tile: &TileView, style: Style<'_>) -> Item {
    let per = if tile.by_weight { "/kg" } else { "" };
    Item {
        id: tile.sku.as_str().into(),
        name: tile.name.as_str().into(),
        price: slint::format!("{}{per}", style.money(tile.price_minor)),
        icon: slint::format!("category-{}", tile.category.to_lowercase()),
        detail: slint::format!("{} · {}", tile.plu, tile.category),
        min_age: i32::from(tile.min_age),
        weighed: tile.by_weight,
    }
}

fn quick_cash(view: &View, style: Style<'_>) -> Vec<QuickCash> {
    let quick = |(index, amount_minor): (usize, &i64)| QuickCash {
        minor: slint::format!("{amount_minor}"),
        amount: style.money(*amount_minor).into(),
        exact: index == 0,
    };
    view.quick_cash.iter().enumerate().map(quick).collect()
}

fn tenders(view: &View, style: Style<'_>) -> Vec<TenderLine> {
    let tender = |taken: &sealpoint_till::view::TenderView| TenderLine {
        kind: taken.kind.as_str().into(),
        note: taken.label.as_str().into(),
        amount: style.money(taken.paid_minor).into(),
    };
    view.tenders.iter().map(tender).collect()
}

fn parked(view: &View, style: Style<'_>) -> Vec<ParkedSale> {
    let sale = |parked: &sealpoint_till::view::ParkedView| ParkedSale {
        id: parked.sale.as_str().into(),
        title: parked.title.as_str().into(),
        age: age(parked.age_ms).into(),
        amount: style.money(parked.total_minor).into(),
    };
    view.parked.iter().map(sale).collect()
}

fn demo_cards(view: &View) -> Vec<DemoCard> {
    let Some(demo) = &view.demo else {
        return vec![];
    };
    let card = |card: &sealpoint_till::view::DemoCard| DemoCard {
        name: card.name.as_str().into(),
        title: card.title.as_str().into(),
        inserted: demo.inserted.as_ref() == Some(&card.name),
    };
    demo.cards.iter().map(card).collect()
}
