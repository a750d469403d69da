//! SOQL: a small real implementation. Text → tokens → [`Query`] → checked against the schema and the user's rights →
//! rows.
//!
//! Covered: field lists with relationship paths, parent-to-child subqueries, `FIELDS(..)`, aggregates with `GROUP BY`,
//! `WHERE` with `AND`/`OR`/`NOT`/comparison/`LIKE`/`IN` (also with a subquery)/`INCLUDES`/null/date literals,
//! `ORDER BY`, `LIMIT`, `OFFSET`, `COUNT()`. Not covered: `HAVING`, `TYPEOF`, geolocation, `ROLLUP`.

use time::{Date, OffsetDateTime};

mod aggregate;
mod dates;
mod filter;
mod lexer;
mod parser;
mod resolve;
mod run;
#[cfg(test)]
mod tests;

pub use self::{
    parser::parse,
    run::{attributes, run},
};

/// A path of relationship names and a field name.
pub type Path = Vec<String>;

/// A parsed query.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// What is asked for.
    pub select: Vec<Selected>,
    /// The object; in a subquery of the field list, the relationship.
    pub from: String,
    /// Its alias.
    pub alias: Option<String>,
    /// Which rows.
    pub filter: Option<Expr>,
    /// Grouping of an aggregate query.
    pub group_by: Vec<Path>,
    /// The order, most important first.
    pub order_by: Vec<Order>,
    /// At most so many rows.
    pub limit: Option<usize>,
    /// Rows to leave out at the start.
    pub offset: usize,
    /// `ALL ROWS`: deleted ones too.
    pub all_rows: bool,
    /// The text, for error messages.
    pub text: String,
}

/// One item of the field list.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected {
    /// A field.
    Field(Path, Option<String>),
    /// An aggregate; no path for `COUNT()`.
    Aggregate(Function, Option<Path>, Option<String>),
    /// Rows of a child object.
    Children(Box<Query>),
    /// `FIELDS(ALL)` and its kin.
    Fields(FieldSet),
}

/// Which fields `FIELDS(..)` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldSet {
    /// All that the user can see.
    All,
    /// Salesforce's own.
    Standard,
    /// The org's own.
    Custom,
}

/// Aggregate functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Number of rows, or of rows with a value.
    Count,
    /// Number of different values.
    CountDistinct,
    /// Sum.
    Sum,
    /// Mean.
    Avg,
    /// Least.
    Min,
    /// Greatest.
    Max,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All of them.
    And(Vec<Expr>),
    /// One of them.
    Or(Vec<Expr>),
    /// Not this.
    Not(Box<Expr>),
    /// A field compared with a value.
    Compare(Path, Op, Literal),
    /// A field among values; negated for `NOT IN`.
    In(Path, bool, Set),
}

/// Comparison operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `=`
    Eq,
    /// `!=`, `<>`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `LIKE`
    Like,
}

/// The right side of `IN`.
#[derive(Clone, Debug, PartialEq)]
pub enum Set {
    /// Values.
    List(Vec<Literal>),
    /// The one column of another query.
    Query(Box<Query>),
}

/// A value in a query.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// Quoted text.
    Text(String),
    /// A day.
    Day(Date),
    /// A point in time.
    Time(OffsetDateTime),
    /// `TODAY`, `LAST_N_DAYS:7` and so on: from, up to but not including.
    Range(String, i64),
}

/// One part of `ORDER BY`.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// The field, or the alias of an aggregate.
    pub path: Path,
    /// `DESC`.
    pub descending: bool,
    /// `NULLS LAST`.
    pub nulls_last: bool,
}

/// Why a query was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoqlError {
    /// `MALFORMED_QUERY`, `INVALID_FIELD`, `INVALID_TYPE`, …
    pub code: &'static str,
    /// The text, in Salesforce's form with the place.
    pub message: String,
}

impl SoqlError {
    /// An error that points at a place of the query.
    fn at(code: &'static str, text: &str, position: usize, what: &str) -> Self {
        let start = text.get(..position).map_or(0, |before| before.len().saturating_sub(10));
        let start = (start..=position).find(|index| text.is_char_boundary(*index)).unwrap_or(0);
        let excerpt: String = text.get(start..).unwrap_or_default().chars().take(30).collect();
        let caret = " ".repeat(position - start);
        let message = format!("\n{excerpt}\n{caret}^\nERROR at Row:1:Column:{}\n{what}", position + 1);
        Self { code, message }
    }

    /// An error that points at the first place of `word`.
    fn about(code: &'static str, text: &str, word: &str, what: &str) -> Self {
        let position = text.to_ascii_lowercase().find(&word.to_ascii_lowercase()).unwrap_or(0);
        Self::at(code, text, position, what)
    }
}
