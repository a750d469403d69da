//! Tokens to a [`Query`].

use super::{
    Expr, FieldSet, Function, Literal, Op, Order, Path, Query, Selected, Set, SoqlError, dates,
    lexer::{Token, TokenKind, tokens},
};

/// Subqueries and parentheses nest no deeper than this.
const MAX_DEPTH: usize = 20;

/// Reads a query.
///
/// # Errors
/// `MALFORMED_QUERY` with the place where reading stopped.
pub fn parse(text: &str) -> Result<Query, SoqlError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { text, tokens, next: 0, depth: 0 };
    let query = parser.query()?;
    parser.end()?;
    Ok(query)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    next: usize,
    depth: usize,
}

type Parsed<T> = Result<T, SoqlError>;

impl Parser<'_> {
    fn peek(&self) -> &TokenKind {
        self.tokens.get(self.next).map_or(&TokenKind::End, |token| &token.kind)
    }

    fn peek_second(&self) -> &TokenKind {
        self.tokens.get(self.next + 1).map_or(&TokenKind::End, |token| &token.kind)
    }

    fn take(&mut self) -> TokenKind {
        let kind = self.peek().clone();
        self.next += 1;
        kind
    }

    fn fail<T>(&self, what: &str) -> Parsed<T> {
        let position = self.tokens.get(self.next).map_or(self.text.len(), |token| token.position);
        Err(SoqlError::at("MALFORMED_QUERY", self.text, position, what))
    }

    fn unexpected<T>(&self) -> Parsed<T> {
        let shown = match self.peek() {
            TokenKind::Word(word) => word.clone(),
            TokenKind::Text(text) => format!("'{text}'"),
            TokenKind::Number(number) => number.to_string(),
            TokenKind::Day(_) | TokenKind::Time(_) => "a date".to_owned(),
            TokenKind::Symbol(symbol) => (*symbol).to_owned(),
            TokenKind::End => "<EOF>".to_owned(),
        };
        self.fail(&format!("unexpected token: '{shown}'"))
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), TokenKind::Word(word) if word.eq_ignore_ascii_case(keyword))
    }

    fn accept_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.next += usize::from(found);
        found
    }

    fn keyword(&mut self, keyword: &str) -> Parsed<()> {
        if self.accept_keyword(keyword) { Ok(()) } else { self.unexpected() }
    }

    fn accept(&mut self, symbol: &str) -> bool {
        let found = matches!(self.peek(), TokenKind::Symbol(found) if *found == symbol);
        self.next += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &str) -> Parsed<()> {
        if self.accept(symbol) { Ok(()) } else { self.unexpected() }
    }

    fn word(&mut self) -> Parsed<String> {
        match self.peek().clone() {
            TokenKind::Word(word) => {
                self.next += 1;
                Ok(word)
            }
            _ => self.unexpected(),
        }
    }

    fn end(&self) -> Parsed<()> {
        if *self.peek() == TokenKind::End { Ok(()) } else { self.unexpected() }
    }

    fn path(&mut self) -> Parsed<Path> {
        let mut path = vec![self.word()?];
        while self.accept(".") {
            path.push(self.word()?);
        }
        Ok(path)
    }

    fn number(&mut self) -> Parsed<usize> {
        match *self.peek() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be a whole number"
            )]
            TokenKind::Number(number) if number >= 0.0 && number.fract() == 0.0 && number < 1e9 => {
                self.next += 1;
                Ok(number as usize)
            }
            _ => self.unexpected(),
        }
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail("too many nested expressions");
        }
        let result = inner(self)?;
        self.depth -= 1;
        Ok(result)
    }

    fn query(&mut self) -> Parsed<Query> {
        self.keyword("SELECT")?;
        let mut select = vec![self.selected()?];
        while self.accept(",") {
            select.push(self.selected()?);
        }
        self.keyword("FROM")?;
        let from = self.path()?.join(".");
        let alias =
            self.alias(&["WHERE", "USING", "WITH", "GROUP", "ORDER", "LIMIT", "OFFSET", "FOR", "ALL"])?;
        let mut query = Query {
            select,
            from,
            alias,
            filter: None,
            group_by: Vec::new(),
            order_by: Vec::new(),
            limit: None,
            offset: 0,
            all_rows: false,
            text: self.text.to_owned(),
        };
        self.clauses(&mut query)?;
        Ok(query)
    }

    fn alias(&mut self, unless: &[&str]) -> Parsed<Option<String>> {
        if self.accept_keyword("AS") {
            return self.word().map(Some);
        }
        let is_alias = matches!(self.peek(), TokenKind::Word(word)
            if !unless.iter().any(|keyword| word.eq_ignore_ascii_case(keyword)));
        if is_alias { self.word().map(Some) } else { Ok(None) }
    }

    fn clauses(&mut self, query: &mut Query) -> Parsed<()> {
        if self.accept_keyword("USING") {
            self.keyword("SCOPE")?;
            self.word()?;
        }
        if self.accept_keyword("WHERE") {
            query.filter = Some(self.condition()?);
        }
        if self.accept_keyword("WITH") {
            self.word()?;
        }
        if self.accept_keyword("GROUP") {
            self.keyword("BY")?;
            query.group_by.push(self.path()?);
            while self.accept(",") {
                query.group_by.push(self.path()?);
            }
        }
        if self.accept_keyword("ORDER") {
            self.keyword("BY")?;
            query.order_by.push(self.order()?);
            while self.accept(",") {
                query.order_by.push(self.order()?);
            }
        }
        if self.accept_keyword("LIMIT") {
            query.limit = Some(self.number()?);
        }
        if self.accept_keyword("OFFSET") {
            query.offset = self.number()?;
        }
        if self.accept_keyword("FOR") {
            self.word()?;
        }
        if self.accept_keyword("ALL") {
            self.keyword("ROWS")?;
            query.all_rows = true;
        }
        Ok(())
    }

    fn order(&mut self) -> Parsed<Order> {
        let path =
            if *self.peek_second() == TokenKind::Symbol("(") { self.call_as_path()? } else { self.path()? };
        let descending = self.accept_keyword("DESC");
        if !descending {
            self.accept_keyword("ASC");
        }
        let mut nulls_last = false;
        if self.accept_keyword("NULLS") {
            nulls_last = self.accept_keyword("LAST");
            if !nulls_last {
                self.keyword("FIRST")?;
            }
        }
        Ok(Order { path, descending, nulls_last })
    }

    /// `COUNT(Id)` in `ORDER BY`: a name that no field has, found again among the aggregates.
    fn call_as_path(&mut self) -> Parsed<Path> {
        let function = self.word()?;
        self.symbol("(")?;
        let inner = if self.accept(")") { Vec::new() } else { self.path()? };
        if !inner.is_empty() {
            self.symbol(")")?;
        }
        Ok(vec![format!("{}({})", function.to_ascii_uppercase(), inner.join("."))])
    }

    fn selected(&mut self) -> Parsed<Selected> {
        if self.accept("(") {
            let query = self.nested(Self::query)?;
            self.symbol(")")?;
            return Ok(Selected::Children(Box::new(query)));
        }
        if *self.peek_second() == TokenKind::Symbol("(") {
            return self.call();
        }
        let path = self.path()?;
        let alias = self.alias(&["FROM"])?;
        Ok(Selected::Field(path, alias))
    }

    fn call(&mut self) -> Parsed<Selected> {
        let name = self.word()?.to_ascii_uppercase();
        self.symbol("(")?;
        if name == "FIELDS" {
            let which = self.word()?.to_ascii_uppercase();
            self.symbol(")")?;
            let set = match which.as_str() {
                "ALL" => FieldSet::All,
                "STANDARD" => FieldSet::Standard,
                "CUSTOM" => FieldSet::Custom,
                _ => return self.fail("FIELDS takes ALL, STANDARD or CUSTOM"),
            };
            return Ok(Selected::Fields(set));
        }
        let function = match name.as_str() {
            "COUNT" => Function::Count,
            "COUNT_DISTINCT" => Function::CountDistinct,
            "SUM" => Function::Sum,
            "AVG" => Function::Avg,
            "MIN" => Function::Min,
            "MAX" => Function::Max,
            "TOLABEL" | "FORMAT" | "CONVERTCURRENCY" => {
                let path = self.path()?;
                self.symbol(")")?;
                let alias = self.alias(&["FROM"])?;
                return Ok(Selected::Field(path, alias));
            }
            _ => return self.fail(&format!("unexpected function: '{name}'")),
        };
        let path = if self.accept(")") {
            None
        } else {
            let path = self.path()?;
            self.symbol(")")?;
            Some(path)
        };
        if path.is_none() && function != Function::Count {
            return self.fail("unexpected token: ')'");
        }
        let alias = self.alias(&["FROM"])?;
        Ok(Selected::Aggregate(function, path, alias))
    }

    fn condition(&mut self) -> Parsed<Expr> {
        let first = self.negation()?;
        let (is_and, is_or) = (self.is_keyword("AND"), self.is_keyword("OR"));
        if !is_and && !is_or {
            return Ok(first);
        }
        let keyword = if is_and { "AND" } else { "OR" };
        let mut parts = vec![first];
        while self.accept_keyword(keyword) {
            parts.push(self.negation()?);
        }
        // AND and OR at one level need parentheses, as in Salesforce.
        if self.is_keyword(if is_and { "OR" } else { "AND" }) {
            return self.unexpected();
        }
        Ok(if is_and { Expr::And(parts) } else { Expr::Or(parts) })
    }

    fn negation(&mut self) -> Parsed<Expr> {
        if self.accept_keyword("NOT") {
            let inner = self.nested(Self::negation)?;
            return Ok(Expr::Not(Box::new(inner)));
        }
        if self.accept("(") {
            let inner = self.nested(Self::condition)?;
            self.symbol(")")?;
            return Ok(inner);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Parsed<Expr> {
        let path = self.path()?;
        let negated = self.accept_keyword("NOT");
        for (keyword, negates) in [("IN", false), ("INCLUDES", false), ("EXCLUDES", true)] {
            if self.accept_keyword(keyword) {
                return Ok(Expr::In(path, negated || negates, self.set()?));
            }
        }
        if negated {
            return self.unexpected();
        }
        let op = match self.peek() {
            TokenKind::Symbol("=") => Op::Eq,
            TokenKind::Symbol("!=") => Op::Ne,
            TokenKind::Symbol("<") => Op::Lt,
            TokenKind::Symbol("<=") => Op::Le,
            TokenKind::Symbol(">") => Op::Gt,
            TokenKind::Symbol(">=") => Op::Ge,
            TokenKind::Word(word) if word.eq_ignore_ascii_case("LIKE") => Op::Like,
            _ => return self.unexpected(),
        };
        self.next += 1;
        Ok(Expr::Compare(path, op, self.literal()?))
    }

    fn set(&mut self) -> Parsed<Set> {
        self.symbol("(")?;
        let set = if self.is_keyword("SELECT") {
            Set::Query(Box::new(self.nested(Self::query)?))
        } else {
            let mut values = vec![self.literal()?];
            while self.accept(",") {
                values.push(self.literal()?);
            }
            Set::List(values)
        };
        self.symbol(")")?;
        Ok(set)
    }

    fn literal(&mut self) -> Parsed<Literal> {
        let literal = match self.peek().clone() {
            TokenKind::Text(text) => Literal::Text(text),
            TokenKind::Number(number) => Literal::Number(number),
            TokenKind::Day(day) => Literal::Day(day),
            TokenKind::Time(time) => Literal::Time(time),
            TokenKind::Word(word) => match word.to_ascii_uppercase().as_str() {
                "NULL" => Literal::Null,
                "TRUE" => Literal::Bool(true),
                "FALSE" => Literal::Bool(false),
                name if dates::is_range(name) => return self.range(),
                _ => return self.unexpected(),
            },
            _ => return self.unexpected(),
        };
        self.take();
        Ok(literal)
    }

    fn range(&mut self) -> Parsed<Literal> {
        let name = self.word()?.to_ascii_uppercase();
        let count = if name.contains("_N_") {
            self.symbol(":")?;
            i64::try_from(self.number()?).unwrap_or(i64::MAX)
        } else {
            1
        };
        Ok(Literal::Range(name, count))
    }
}
