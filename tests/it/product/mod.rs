//! The product as people get to see it: the demo, the README, reports and ledgers, and what it is built of.

mod calls;
mod demo;
mod example;
mod fairness;
mod licences;
mod readme;
mod report;
