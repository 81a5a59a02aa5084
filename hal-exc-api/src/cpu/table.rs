// SPDX-License-Identifier: MIT OR Apache-2.0
//! All models in the order in which they are asked, and the checks that the compiler makes on them.

use super::{Model, classic, e200, e500, ppc74xx, ppc405, ppc440, ppc603, ppc750};

/// The models by table; within a table the more specific row stands first.
///
/// The order of the tables matters in one place: the last rows of the 440 leave out the bits that name a 405.
pub(super) const TABLES: &[&[Model]] = &[
    classic::MODELS,
    ppc603::MODELS,
    ppc750::MODELS,
    ppc74xx::MODELS,
    ppc405::MODELS,
    ppc440::MODELS,
    e200::MODELS,
    e500::MODELS,
];

/// A row that can never match, and a row that an earlier one hides, are errors of the compiler.
const _: () = check(TABLES);

const fn check(tables: &[&[Model]]) {
    let mut table = 0;
    while table < tables.len() {
        let mut row = 0;
        while row < tables[table].len() {
            let model = &tables[table][row];
            assert!(model.value & !model.mask == 0, "a PVR row has value bits outside its mask and can never match");
            let mut earlier_table = 0;
            while earlier_table <= table {
                let end = if earlier_table == table { row } else { tables[earlier_table].len() };
                let mut earlier_row = 0;
                while earlier_row < end {
                    let earlier = &tables[earlier_table][earlier_row];
                    let wider = earlier.mask & model.mask == earlier.mask;
                    assert!(
                        !(wider && model.value & earlier.mask == earlier.value),
                        "a PVR row is hidden by an earlier, wider one"
                    );
                    earlier_row += 1;
                }
                earlier_table += 1;
            }
            row += 1;
        }
        table += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn row(value: u32, mask: u32) -> Model {
        Model { value, mask, ..e500::MODELS[0] }
    }

    #[test]
    fn rows_in_any_order_that_do_not_hide_each_other_are_accepted() {
        check(&[&[row(0x0008_3214, 0xFFFF_FFFF), row(0x0008_3000, 0xFFFF_F000)], &[row(0x0009_0000, 0xFFFF_0000)]]);
    }

    // As another table once had it for the APM8018x.
    #[test]
    #[should_panic(expected = "can never match")]
    fn a_row_with_value_bits_outside_its_mask_is_refused() {
        check(&[&[row(0x7FF1_1432, 0xFFFF_0000)]]);
    }

    #[test]
    #[should_panic(expected = "hidden by an earlier, wider one")]
    fn a_row_behind_a_wider_one_is_refused() {
        check(&[&[row(0x0008_0000, 0xFFFF_0000), row(0x0008_3214, 0xFFFF_FFFF)]]);
    }

    #[test]
    #[should_panic(expected = "hidden by an earlier, wider one")]
    fn a_row_behind_a_wider_one_of_another_table_is_refused() {
        check(&[&[row(0x0008_0000, 0xFFFF_0000)], &[row(0x0008_3000, 0xFFFF_F000)]]);
    }

    #[test]
    #[should_panic(expected = "hidden by an earlier, wider one")]
    fn a_row_that_stands_twice_is_refused() {
        check(&[&[row(0x0008_0000, 0xFFFF_0000), row(0x0008_0000, 0xFFFF_0000)]]);
    }
}
