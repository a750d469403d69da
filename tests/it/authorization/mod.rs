//! Who may call what, over the wire: each RPC of the descriptor, whoever calls it.

mod api;
mod certificates;
mod foreign;
mod handoff;
mod matrix;
mod naming;
mod scene;
mod streams;
mod timing;
mod tokens;
mod ways;
