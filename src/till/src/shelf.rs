//! The shelf: categories, pages of tiles, and the search.

use sealpoint_sale::{Catalogue, Item, Unit};

use crate::action::is_shown;
use crate::view::{ShelfView, TileView};

/// At most this many results of one search.
const MAX_RESULTS: usize = 60;
/// At most this many characters of a query.
const MAX_QUERY: usize = 40;

/// Which items the cashier looks at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Shelf {
    category: Option<String>,
    page: usize,
    highlighted: usize,
    pub(crate) searching: bool,
    query: String,
}

impl Shelf {
    /// Shows one category, or all.
    pub fn choose(&mut self, category: Option<String>) {
        *self = Self {
            category,
            ..Self::default()
        };
    }

    /// Turns to a page.
    pub fn turn_to(&mut self, page: usize) {
        self.page = page;
        self.highlighted = 0;
    }

    /// Turns pages on or back from what is shown, as far as there are pages.
    pub fn turn(&mut self, shown: &ShelfView, on: bool) {
        self.turn_to(if on {
            (shown.page + 1).min(shown.pages - 1)
        } else {
            shown.page.saturating_sub(1)
        });
    }

    /// The category after or before the present one, round and round, "all" among them.
    pub fn step_category(&mut self, catalogue: &Catalogue, on: bool) {
        let all = catalogue.categories();
        let at = self
            .category
            .as_ref()
            .and_then(|c| all.iter().position(|x| x == c));
        let count = all.len() + 1;
        let now = at.map_or(0, |i| i + 1);
        let next = if on {
            (now + 1) % count
        } else {
            (now + count - 1) % count
        };
        self.choose(next.checked_sub(1).and_then(|i| all.get(i)).cloned());
    }

    /// Starts a search, or goes on with the present one.
    pub fn start_search(&mut self) {
        self.searching = true;
        self.turn_to(0);
    }

    /// Ends the search.
    pub fn end_search(&mut self) {
        self.searching = false;
        self.query.clear();
        self.turn_to(0);
    }

    /// Replaces the query.
    pub fn set_query(&mut self, query: &str) {
        self.query = query
            .chars()
            .filter(|c| is_shown(*c))
            .take(MAX_QUERY)
            .collect();
        self.searching = true;
        self.turn_to(0);
    }

    /// Adds one character to the query.
    pub fn type_character(&mut self, c: char) {
        let query = format!("{}{c}", self.query);
        self.set_query(&query);
    }

    /// Takes the last character of the query back.
    pub fn backspace(&mut self) {
        self.query.pop();
        self.turn_to(0);
    }

    /// Moves the highlight among the tiles shown.
    pub fn highlight(&mut self, shown: &ShelfView, down: bool) {
        self.highlighted = if down {
            (shown.highlighted + 1).min(shown.tiles.len().saturating_sub(1))
        } else {
            shown.highlighted.saturating_sub(1)
        };
    }

    /// What the shelf holds, all pages of it.
    fn items<'a>(&'a self, catalogue: &'a Catalogue) -> Vec<&'a Item> {
        if self.searching && !self.query.trim().is_empty() {
            catalogue.search(&self.query, MAX_RESULTS)
        } else {
            catalogue.in_category(self.category.as_deref()).collect()
        }
    }

    /// This page as it is shown.
    #[must_use]
    pub fn view(&self, catalogue: &Catalogue, per_page: usize) -> ShelfView {
        let items = self.items(catalogue);
        let per_page = per_page.max(1);
        let pages = items.len().div_ceil(per_page).max(1);
        let page = self.page.min(pages - 1);
        let tiles: Vec<TileView> = items
            .into_iter()
            .skip(page * per_page)
            .take(per_page)
            .map(tile)
            .collect();
        ShelfView {
            categories: catalogue.categories().to_vec(),
            category: self.category.clone(),
            searching: self.searching,
            query: self.query.clone(),
            highlighted: self.highlighted.min(tiles.len().saturating_sub(1)),
            tiles,
            page,
            pages,
        }
    }
}

fn tile(item: &Item) -> TileView {
    TileView {
        sku: item.sku.clone(),
        name: item.name.clone(),
        plu: item.plu.clone(),
        category: item.category.clone(),
        price_minor: item.price_minor,
        by_weight: item.unit == Unit::Kg,
        min_age: item.min_age,
    }
}
