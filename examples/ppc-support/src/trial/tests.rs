// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every register that a wrapper could lose must be noticed.

use super::*;
use hal_exc_api::exception::VectorWord;

fn good() -> (Expected, FullFrame, Registers) {
    let mut after = Registers {
        cr: CR,
        xer: XER,
        ctr: CTR,
        lr: LR,
        instruction: 0x1000,
        next: 0x1004,
        msr: 0x9000,
        ..Default::default()
    };
    for n in 0..32 {
        after.gpr[n as usize] = pattern(n);
    }
    (after.gpr[1], after.gpr[4], after.gpr[5], after.gpr[13]) = (0x9000, 7, 8, 0x8000);
    let mut frame = Frame::new(VectorWord::new(Exception::Program, false), 0x1000, 0x9000);
    (frame.cr, frame.xer, frame.ctr, frame.lr, frame.gpr) = (CR, XER, CTR, LR, after.gpr);
    (frame.syndrome, frame.fault_address) = (0x0A, 0x44);
    let mut expected = Expected::at_instruction(Exception::Program, &after, [7, 8]);
    (expected.syndrome, expected.fault_address) = (0x08, Some(0x44));
    (expected, *frame.as_full(), after)
}

#[test]
fn what_is_right_passes() {
    let (mut expected, mut frame, mut after) = good();
    assert_eq!(expected.check(Some(frame), &after), Ok(()));
    frame.msr |= 0x0008_0000; // the cause of a program exception
    assert_eq!(expected.check(Some(frame), &after), Ok(()));
    after.gpr[6] = 99;
    expected.changed = Some((6, 99));
    assert_eq!(expected.check(Some(frame), &after), Ok(()));
}

#[test]
fn every_difference_fails() {
    let (expected, frame, after) = good();
    assert!(expected.check(None, &after).is_err());
    for n in 0..32 {
        let mut bad = frame;
        bad.gpr[n] ^= 1;
        assert!(expected.check(Some(bad), &after).is_err(), "r{n} in the frame");
        let mut bad = after;
        bad.gpr[n] ^= 1;
        assert!(expected.check(Some(frame), &bad).is_err(), "r{n} afterwards");
    }
    let frames: [fn(&mut FullFrame); 9] = [
        |f| f.msr ^= 0x8000,
        |f| f.cr ^= 1,
        |f| f.xer ^= 1,
        |f| f.ctr ^= 1,
        |f| f.lr ^= 1,
        |f| f.pc += 4,
        |f| f.syndrome = 0x02,
        |f| f.fault_address = 0,
        |f| f.vector = VectorWord::new(Exception::Alignment, false),
    ];
    for (n, change) in frames.into_iter().enumerate() {
        let mut bad = frame;
        change(&mut bad);
        assert!(expected.check(Some(bad), &after).is_err(), "frame, change {n}");
    }
    let registers: [fn(&mut Registers); 4] = [|r| r.cr ^= 1, |r| r.xer ^= 1, |r| r.ctr ^= 1, |r| r.lr ^= 1];
    for (n, change) in registers.into_iter().enumerate() {
        let mut bad = after;
        change(&mut bad);
        assert!(expected.check(Some(frame), &bad).is_err(), "registers, change {n}");
    }
}

#[test]
fn every_difference_of_an_interrupt_frame_fails() {
    let (mut expected, full, after) = good();
    (expected.syndrome, expected.fault_address) = (0, None);
    let words = size_of::<InterruptFrame>() / 4;
    // Word 1 is room for a callee's LR.
    for changed in (0..=words).filter(|&word| word != 1) {
        let mut frame = InterruptFrame::new(full.vector, full.pc, full.msr);
        (frame.cr, frame.xer, frame.ctr, frame.lr) = (CR, XER, CTR, LR);
        (frame.r0, frame.back_chain) = (pattern(0), after.gpr[1]);
        frame.r3_to_r12.copy_from_slice(&after.gpr[3..13]);
        if changed < words {
            // SAFETY: the frame is nothing but words.
            unsafe { *(&raw mut frame).cast::<u32>().add(changed) ^= 1 };
        }
        let last = Last::new();
        last.record_interrupt(&frame);
        let result = expected.check_interrupt(last.take(), &after);
        assert_eq!(result.is_ok(), changed == words, "word {changed}: {result:?}");
    }
    assert!(expected.check_interrupt(None, &after).is_err());
}

#[test]
fn the_first_frame_stays_until_it_is_taken() {
    let last = Last::new();
    assert!(last.take().is_none());
    let (_, mut frame, _) = good();
    last.record(&frame);
    frame.pc = 0;
    last.record(&frame);
    assert_eq!(last.take().map(|frame| frame.pc), Some(0x1000));
    assert!(last.take().is_none());
}
