//! Breadth first through all states of a world, to the first that breaks an invariant: the shortest story of how that came about.

use super::world::{Node, Step, World};
use crate::handoff::Stage;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;

#[derive(Default)]
pub(super) struct Explored {
    pub states: usize,
    pub moves: usize,
    pub broken: Option<Broken>,
}

/// An invariant that does not hold, with what led there.
pub(super) struct Broken {
    pub invariant: &'static str,
    how: String,
    story: Vec<String>,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.invariant, self.how)?;
        self.story.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

/// How each state was come to first.
#[derive(Default)]
struct Paths(Vec<(usize, String)>);

impl Paths {
    fn story(&self, mut at: usize, last: Option<&Step>) -> Vec<String> {
        let mut story: Vec<String> = last.iter().map(ToString::to_string).collect();
        while at > 0 {
            let (from, step) = &self.0[at];
            story.push(step.clone());
            at = *from;
        }
        story.reverse();
        story
    }
}

pub(super) fn explore(world: &mut World) -> Explored {
    let first = world.begin();
    let (mut known, mut open) = (BTreeMap::from([(first.clone(), 0)]), VecDeque::from([(0, first)]));
    let mut paths = Paths(vec![(0, String::new())]);
    let (mut edges, mut ends): (Vec<(usize, usize)>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut explored = Explored::default();
    while let Some((at, node)) = open.pop_front() {
        if let Some((invariant, how)) = world.broken_in(&node) {
            explored.broken = Some(Broken { invariant, how, story: paths.story(at, None) });
            break;
        }
        ends.extend(has_ended(world, &node).then_some(at));
        let next = match world.next(&node) {
            Ok(next) => next,
            Err((step, (invariant, how))) => {
                explored.broken = Some(Broken { invariant, how, story: paths.story(at, Some(&step)) });
                break;
            }
        };
        for (step, next) in next {
            explored.moves += 1;
            let number = paths.0.len();
            let to = *known.entry(next.clone()).or_insert(number);
            edges.push((at, to));
            if to == number {
                paths.0.push((at, step.to_string()));
                open.push_back((number, next));
            }
        }
    }
    explored.states = paths.0.len();
    if explored.broken.is_none()
        && let Some(dead) = dead_end(&edges, &ends, explored.states)
    {
        let how = "no way leads from here to an end".to_owned();
        explored.broken = Some(Broken { invariant: "every_way_ends", how, story: paths.story(dead, None) });
    }
    explored
}

fn has_ended(world: &World, node: &Node) -> bool {
    node.sides.iter().all(|side| match world.handoff(side) {
        None => true,
        Some(handoff) => matches!(handoff.stage, Stage::Done { .. } | Stage::NeedsAttention { .. }),
    })
}

/// A state from which no end can be come to.
fn dead_end(edges: &[(usize, usize)], ends: &[usize], states: usize) -> Option<usize> {
    let mut back: Vec<Vec<usize>> = vec![Vec::new(); states];
    for (from, to) in edges {
        back[*to].push(*from);
    }
    let (mut can_end, mut open) = (vec![false; states], ends.to_vec());
    while let Some(at) = open.pop() {
        if !std::mem::replace(&mut can_end[at], true) {
            open.extend(&back[at]);
        }
    }
    can_end.iter().position(|can| !can)
}
