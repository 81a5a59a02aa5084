// SPDX-License-Identifier: MIT OR Apache-2.0
//! Random use: nothing is lost, nothing comes twice, the order is that of the priorities, and
//! nothing unpredictable is done to the hardware.

use super::{cpu, lawful, v2, v3};
use crate::model::{Model, Shape};
use hal_exc_api::pic::{
    Acknowledge, Acknowledged, Claim, Line, LineMask, LinePending, LinePriority, LineTrigger, Priority, TriggerMode,
};
use proptest::prelude::*;
use std::vec::Vec;

#[derive(Clone, Debug)]
enum Step {
    Raise(u16),
    Acknowledge,
    End,
    Priority(u16, u8),
    Toggle(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (32u16..48).prop_map(Step::Raise),
        3 => Just(Step::Acknowledge),
        3 => Just(Step::End),
        1 => (32u16..48, 1u8..32).prop_map(|(line, priority)| Step::Priority(line, priority)),
        1 => (32u16..48).prop_map(Step::Toggle),
    ]
}

/// What the controller should do, in a few lines.
#[derive(Default)]
struct Reference {
    pending: [bool; 16],
    disabled: [bool; 16],
    active: [bool; 16],
    priority: [u8; 16],
    /// Lines in service with the priority that they were taken at.
    stack: Vec<(usize, u8)>,
}

impl Reference {
    fn best(&self) -> Option<u8> {
        (0..16).filter(|&n| self.pending[n] && !self.disabled[n] && !self.active[n]).map(|n| self.priority[n]).max()
    }
}

fn run<G>(model: &Model, gic: &G, steps: &[Step]) -> Result<(), TestCaseError>
where
    G: Acknowledge + LineMask + LinePending + LinePriority + LineTrigger,
{
    model.run_on(0);
    let mut reference = Reference { priority: [16; 16], ..Reference::default() };
    let mut claims = Vec::new();
    for n in 0..16 {
        let line = Line::new(32 + n);
        gic.set_priority(line, Priority::new(16)).unwrap();
        gic.set_trigger(line, TriggerMode::EdgeRising).unwrap();
        gic.enable(line).unwrap();
    }
    for step in steps {
        match *step {
            Step::Raise(line) => {
                gic.raise(cpu(0), Line::new(line)).unwrap();
                reference.pending[usize::from(line) - 32] = true;
            }
            Step::Acknowledge => {
                let running = reference.stack.last().map_or(0, |&(_, priority)| priority);
                let expected = reference.best().filter(|&priority| priority > running);
                match gic.acknowledge(cpu(0)) {
                    Acknowledged::Claimed(claim) => {
                        let n = claim.line().index() - 32;
                        prop_assert!(reference.pending[n] && !reference.disabled[n] && !reference.active[n]);
                        prop_assert_eq!(Some(reference.priority[n]), expected);
                        reference.pending[n] = false;
                        reference.active[n] = true;
                        reference.stack.push((n, reference.priority[n]));
                        claims.push(claim);
                    }
                    Acknowledged::Spurious => prop_assert_eq!(expected, None),
                    Acknowledged::Unknown(vector) => prop_assert!(false, "{:?}", vector),
                }
            }
            Step::End => {
                if let Some(claim) = claims.pop() {
                    gic.end(claim);
                    let (n, _) = reference.stack.pop().unwrap();
                    reference.active[n] = false;
                }
            }
            Step::Priority(line, priority) => {
                gic.set_priority(Line::new(line), Priority::new(priority)).unwrap();
                reference.priority[usize::from(line) - 32] = priority;
            }
            Step::Toggle(line) => {
                let n = usize::from(line) - 32;
                let change =
                    if reference.disabled[n] { gic.enable(Line::new(line)) } else { gic.disable(Line::new(line)) };
                change.unwrap();
                reference.disabled[n] ^= true;
            }
        }
        prop_assert_eq!(model.depth(0), reference.stack.len());
    }
    lawful(model);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn v1_agrees_with_the_reference(steps in prop::collection::vec(step(), 1..120)) {
        let model = Model::new(Shape::V1);
        run(&model, &v2(&model, 2), &steps)?;
    }

    #[test]
    fn v2_agrees_with_the_reference(steps in prop::collection::vec(step(), 1..120)) {
        let model = Model::new(Shape::V2);
        run(&model, &v2(&model, 2), &steps)?;
    }

    #[test]
    fn v3_agrees_with_the_reference(steps in prop::collection::vec(step(), 1..120)) {
        let model = Model::new(Shape::V3);
        run(&model, &v3(&model, 2), &steps)?;
    }
}
