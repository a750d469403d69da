//! The rules. Pure: no tokio, tonic, prost, sqlx, reqwest or serde; time and randomness come in as arguments.
