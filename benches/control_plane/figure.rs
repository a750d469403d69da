//! A figure: what was measured in each pair, their ratios, and how far that is from the goal.

use serde::Serialize;

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Higher,
    Lower,
}

/// What the figure should be. Of the ratio where there is a yardstick, else of the value itself.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Goal {
    pub better: Better,
    pub floor: f64,
    pub target: f64,
    pub moonshot: f64,
}

impl Goal {
    pub fn higher(floor: f64, target: f64, moonshot: f64) -> Self {
        Self { better: Better::Higher, floor, target, moonshot }
    }

    pub fn lower(floor: f64, target: f64, moonshot: f64) -> Self {
        Self { better: Better::Lower, floor, target, moonshot }
    }

    fn reached(&self, value: f64) -> &'static str {
        let holds = |limit: f64| match self.better {
            Better::Higher => value >= limit,
            Better::Lower => value <= limit,
        };
        if holds(self.moonshot) {
            "moonshot"
        } else if holds(self.target) {
            "target"
        } else if holds(self.floor) {
            "floor"
        } else {
            "below"
        }
    }
}

/// Median, least and most.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(values: &[f64]) -> Self {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let last = sorted.len().saturating_sub(1);
        let median = f64::midpoint(at(last / 2), at(sorted.len() / 2));
        Self { median, least: at(0), most: at(last) }
    }
}

/// What was measured under one name.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// `benchmark/figure`.
    pub name: String,
    pub subject: String,
    pub yardstick: Option<String>,
    pub unit: &'static str,
    /// `(subject, yardstick)` of each pair, in order; no pair is ever left out.
    pub pairs: Vec<(f64, Option<f64>)>,
    pub subject_spread: Spread,
    pub yardstick_spread: Option<Spread>,
    /// Subject / yardstick of each pair.
    pub ratio: Option<Spread>,
    pub goal: Option<Goal>,
    /// "moonshot", "target", "floor" or "below"; none without a goal.
    pub reached: Option<&'static str>,
}

/// A figure that is yet to be measured.
#[derive(Clone, Debug)]
pub struct Draft {
    name: String,
    subject: String,
    yardstick: Option<String>,
    unit: &'static str,
    goal: Option<Goal>,
}

impl Draft {
    pub fn new(name: impl Into<String>, subject: impl Into<String>, unit: &'static str) -> Self {
        Self { name: name.into(), subject: subject.into(), yardstick: None, unit, goal: None }
    }

    pub fn against(mut self, yardstick: impl Into<String>) -> Self {
        self.yardstick = Some(yardstick.into());
        self
    }

    pub fn goal(mut self, goal: Goal) -> Self {
        self.goal = Some(goal);
        self
    }

    /// The figure of these pairs.
    pub fn paired(self, pairs: &[(f64, f64)]) -> Figure {
        self.finish(pairs.iter().map(|(subject, yardstick)| (*subject, Some(*yardstick))).collect())
    }

    /// The figure of a subject that is its own measure.
    pub fn alone(self, values: &[f64]) -> Figure {
        self.finish(values.iter().map(|value| (*value, None)).collect())
    }

    fn finish(self, pairs: Vec<(f64, Option<f64>)>) -> Figure {
        let subjects: Vec<f64> = pairs.iter().map(|(subject, _)| *subject).collect();
        let yardsticks: Vec<f64> = pairs.iter().filter_map(|(_, yardstick)| *yardstick).collect();
        let ratios: Vec<f64> =
            pairs.iter().filter_map(|(subject, yardstick)| Some(subject / (*yardstick)?)).collect();
        let subject_spread = Spread::of(&subjects);
        let spread_unless_empty = |values: &[f64]| (!values.is_empty()).then(|| Spread::of(values));
        let ratio = spread_unless_empty(&ratios);
        let judged = ratio.unwrap_or(subject_spread).median;
        let figure = Figure {
            name: self.name,
            subject: self.subject,
            yardstick: self.yardstick,
            unit: self.unit,
            pairs,
            subject_spread,
            yardstick_spread: spread_unless_empty(&yardsticks),
            ratio,
            goal: self.goal,
            reached: self.goal.map(|goal| goal.reached(judged)),
        };
        eprintln!("{}", figure.line());
        figure
    }
}

impl Figure {
    fn line(&self) -> String {
        let mut line =
            format!("{:32} {} {}", self.name, self.subject, with_unit(&self.subject_spread, self.unit));
        if let (Some(name), Some(spread)) = (&self.yardstick, &self.yardstick_spread) {
            line += &format!(" | {name} {}", with_unit(spread, self.unit));
        }
        if let Some(ratio) = &self.ratio {
            line += &format!(" | ratio {}", spread(ratio));
        }
        if let (Some(goal), Some(reached)) = (&self.goal, self.reached) {
            line += &format!(" ({} / {} / {}: {reached})", goal.floor, goal.target, goal.moonshot);
        }
        line
    }
}

/// A table of all figures.
pub fn markdown(figures: &[Figure]) -> String {
    let mut table = String::from(
        "| figure | subject | yardstick | ratio | floor / target / moonshot | reached |\n|---|---|---|---|---|---|\n",
    );
    for figure in figures {
        let yardstick = match (&figure.yardstick, &figure.yardstick_spread) {
            (Some(name), Some(spread)) => format!("{name}: {}", with_unit(spread, figure.unit)),
            _ => "–".to_owned(),
        };
        let ratio =
            figure.ratio.as_ref().map_or_else(|| "–".to_owned(), |ratio| format!("**{}**", spread(ratio)));
        let goal = figure.goal.map_or_else(
            || "–".to_owned(),
            |goal| format!("{} / {} / {}", goal.floor, goal.target, goal.moonshot),
        );
        table += &format!(
            "| {} | {}: {} | {yardstick} | {ratio} | {goal} | {} |\n",
            figure.name,
            figure.subject,
            with_unit(&figure.subject_spread, figure.unit),
            figure.reached.unwrap_or("–"),
        );
    }
    table
}

fn with_unit(of: &Spread, unit: &str) -> String {
    format!("{} {unit}", spread(of))
}

fn spread(of: &Spread) -> String {
    if of.least.total_cmp(&of.most).is_eq() {
        number(of.median)
    } else {
        format!("{} [{}–{}]", number(of.median), number(of.least), number(of.most))
    }
}

/// Three digits that mean something.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
