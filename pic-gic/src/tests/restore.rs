// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is pending over a power-down.

use super::{cpu, enable_everywhere, lawful, serve, v2, v3};
use crate::model::{Model, Shape};
use hal_exc_api::pic::{
    Acknowledge, CpuInterface, CpuMask, InterProcessor, IpiTarget, Line, LineMask, LinePending, LineTrigger,
    TriggerMode,
};
use std::vec;

/// Saves from one controller, restores into another of the same shape.
fn carried_over<G: Acknowledge + LineMask + LinePending + LineTrigger>(
    models: [&Model; 2],
    gics: [&G; 2],
    carry: impl FnOnce(&G, &G),
) {
    let [from, to] = gics;
    models[0].run_on(0);
    models[1].run_on(0);
    let (level, edge, private) = (Line::new(50), Line::new(51), Line::new(20));
    from.set_trigger(edge, TriggerMode::EdgeRising).unwrap();
    for line in [level, edge, private] {
        from.enable(line).unwrap();
        models[0].set_input(0, line.number().into(), true);
    }
    assert_eq!((from.is_pending(level), from.is_pending(private)), (Ok(true), Ok(true)));
    carry(from, to);
    // The devices are quiet by now; the edge has been.
    assert_eq!(serve(models[1], to, 0), Some((51, None)), "an edge is not lost");
    assert_eq!(serve(models[1], to, 0), None, "a level is what it is now");
}

#[test]
fn pending_levels_are_not_restored_and_edges_are() {
    for shape in [Shape::V1, Shape::V2] {
        let models = [Model::new(shape), Model::new(shape)];
        let gics = [v2(&models[0], 4), v2(&models[1], 4)];
        carried_over([&models[0], &models[1]], [&gics[0], &gics[1]], |from, to| {
            let mut shared = vec![0; from.distributor().context_words()];
            from.distributor().save(&mut shared).unwrap();
            let mut private = [0; 20];
            from.save_cpu(&mut private).unwrap();
            to.distributor().restore(&shared).unwrap();
            to.restore_cpu(&private).unwrap();
        });
        lawful(&models[1]);
    }
    let models = [Model::new(Shape::V3), Model::new(Shape::V3)];
    let gics = [v3(&models[0], 4), v3(&models[1], 4)];
    carried_over([&models[0], &models[1]], [&gics[0], &gics[1]], |from, to| {
        let mut shared = vec![0; from.distributor().context_words()];
        from.distributor().save(&mut shared).unwrap();
        let mut private = vec![0; from.cpu_context_words().unwrap()];
        from.save_cpu(&mut private).unwrap();
        to.distributor().restore(&shared).unwrap();
        to.restore_cpu(&private).unwrap();
    });
    lawful(&models[1]);
}

#[test]
fn pending_sgis_are_restored_with_their_senders() {
    let model = Model::new(Shape::V2);
    let gic = v2(&model, 4);
    enable_everywhere(&model, &gic, 9, 4);
    for sender in [1, 3] {
        model.run_on(sender);
        gic.send(cpu(sender), 9, IpiTarget::List(CpuMask::only(cpu(0)))).unwrap();
    }
    model.run_on(0);
    let mut private = [0; 20];
    gic.save_cpu(&mut private).unwrap();
    gic.quiet_cpu(cpu(0)).unwrap();
    assert_eq!(gic.distributor().pending_sgis(), 0);
    gic.restore_cpu(&private).unwrap();
    assert_eq!(serve(&model, &gic, 0), Some((9, Some(1))));
    assert_eq!(serve(&model, &gic, 0), Some((9, Some(3))));
    assert_eq!(serve(&model, &gic, 0), None);
    lawful(&model);

    let model = Model::new(Shape::V3);
    let gic = v3(&model, 4);
    enable_everywhere(&model, &gic, 9, 4);
    gic.send(cpu(0), 9, IpiTarget::Myself).unwrap();
    let mut private = vec![0; gic.cpu_context_words().unwrap()];
    gic.save_cpu(&mut private).unwrap();
    gic.quiet_cpu(cpu(0)).unwrap();
    gic.restore_cpu(&private).unwrap();
    assert_eq!(serve(&model, &gic, 0), Some((9, None)));
    lawful(&model);
}
