// SPDX-License-Identifier: MIT OR Apache-2.0
//! The entries of the registry.

use super::{Board, Config, Load};
use crate::toolchain::{AARCH64, ARMV7A, POWERPC};

const PPC: Config = Config {
    label: "default",
    cpu: None,
    machine: "",
    qemu: "qemu-system-ppc",
    qemu_smp: None,
    target: POWERPC,
    smp: 1,
    memory: None,
    load: Load::Kernel,
    options: &[],
    on_request: false,
};

/// ARM programs end the machine by a semihosting call, which carries a status.
const SEMIHOSTING: &[&str] = &["-semihosting-config", "enable=on,target=native"];

const ARM: Config = Config { qemu: "qemu-system-arm", target: ARMV7A, memory: Some(256), options: SEMIHOSTING, ..PPC };

/// The same for AArch64, on the CPU of the `virt` configurations.
const ARM64: Config = Config { cpu: Some("cortex-a53"), qemu: "qemu-system-aarch64", target: AARCH64, ..ARM };

const VIRT32: Config = Config { cpu: Some("cortex-a15"), smp: 4, ..ARM };
const VIRT64: Config = Config { smp: 4, ..ARM64 };

/// The machine has exactly four cores and exactly 1 GiB; QEMU refuses anything else.
const RASPI3B: Config = Config { machine: "raspi3b", cpu: None, smp: 4, memory: None, ..ARM64 };

/// e500 boards. The 32-bit emulator runs several cores in turns of 100 ms; the 64-bit one runs them side by side.
const E500: Config = Config { memory: Some(128), qemu_smp: Some("qemu-system-ppc64"), ..PPC };

const MAC99: Config = Config { machine: "mac99", load: Load::Loader, options: &["-vga", "none"], ..PPC };

/// Images for all PowerPC families.
const UNIVERSAL: &[&str] = &["ppc-universal", "ppc-programs"];

/// Every board this project knows.
pub(crate) const BOARDS: &[Board] = &[
    Board {
        name: "ppce500",
        package: "ppce500",
        guests: UNIVERSAL,
        configs: &[
            Config { label: "e500v2", cpu: Some("e500v2"), machine: "ppce500", ..E500 },
            Config { label: "e500mc", cpu: Some("e500mc"), machine: "ppce500", ..E500 },
        ],
    },
    Board {
        name: "mpc8544ds",
        package: "mpc8544ds",
        guests: &[],
        configs: &[Config { label: "e500v2", cpu: Some("e500v2"), machine: "mpc8544ds", ..E500 }],
    },
    Board {
        name: "mac99",
        package: "mac99",
        guests: UNIVERSAL,
        configs: &[
            Config { label: "g4", cpu: Some("g4"), ..MAC99 },
            // No AltiVec.
            Config { label: "750", cpu: Some("750"), ..MAC99 },
            // TLB misses for software; with critical input of the classic family.
            Config { label: "603e", cpu: Some("603e_v4.1"), on_request: true, ..MAC99 },
            Config { label: "g2le", cpu: Some("g2le"), on_request: true, ..MAC99 },
        ],
    },
    Board {
        name: "ref405ep",
        package: "ref405ep",
        guests: UNIVERSAL,
        configs: &[Config { label: "405ep", machine: "ref405ep", ..PPC }],
    },
    Board {
        name: "bamboo",
        package: "bamboo",
        guests: UNIVERSAL,
        configs: &[Config { label: "440ep", machine: "bamboo", ..PPC }],
    },
    Board {
        name: "virtex-ml507",
        package: "virtex-ml507",
        guests: UNIVERSAL,
        configs: &[
            Config { label: "440x5", machine: "virtex-ml507", ..PPC },
            // The same PVR, with an FPU in the fabric.
            Config { label: "440x5-fpu", cpu: Some("440-xilinx-w-dfpu"), machine: "virtex-ml507", ..PPC },
        ],
    },
    Board {
        name: "sam460ex",
        package: "sam460ex",
        guests: &[],
        configs: &[Config { label: "460ex", machine: "sam460ex", memory: Some(128), ..PPC }],
    },
    Board {
        name: "vexpress-a9",
        package: "vexpress-a9",
        guests: &[],
        configs: &[
            Config { label: "cortex-a9", machine: "vexpress-a9", smp: 4, ..ARM },
            // A GICv1 without the security extensions: no groups, no FIQ.
            Config { label: "nonsecure", machine: "vexpress-a9,secure=off", smp: 4, ..ARM },
        ],
    },
    Board {
        name: "vexpress-a15",
        package: "vexpress-a15",
        guests: &[],
        configs: &[Config { label: "cortex-a15", machine: "vexpress-a15", smp: 2, ..ARM }],
    },
    Board {
        name: "virt",
        package: "virt",
        guests: &["gic-compare"],
        configs: &[
            Config { label: "gicv2-a32", machine: "virt,gic-version=2", ..VIRT32 },
            Config { label: "gicv3-a32", machine: "virt,gic-version=3", ..VIRT32 },
            Config { label: "gicv2-a64", machine: "virt,gic-version=2", ..VIRT64 },
            Config { label: "gicv3-a64", machine: "virt,gic-version=3", ..VIRT64 },
            // Without firmware the program is Secure, has both groups of a GIC with two security states, and no PSCI.
            Config { label: "gicv2-a32-secure", machine: "virt,gic-version=2,secure=on", ..VIRT32 },
            Config { label: "gicv3-a32-secure", machine: "virt,gic-version=3,secure=on", ..VIRT32 },
            Config { label: "gicv2-a64-secure", machine: "virt,gic-version=2,secure=on", ..VIRT64 },
            Config { label: "gicv3-a64-secure", machine: "virt,gic-version=3,secure=on", ..VIRT64 },
        ],
    },
    Board {
        name: "raspi3b",
        package: "raspi3b",
        guests: &[],
        configs: &[
            // All cores are entered at once, at EL3.
            Config { label: "cortex-a53", ..RASPI3B },
            // Core 0 is entered at EL2, the others wait on spin tables.
            Config { label: "raw", load: Load::Raw, ..RASPI3B },
        ],
    },
];

/// Packages under `examples/` that are no board of their own, with the targets they are built for.
pub(crate) const SUPPORT: &[(&str, &[&str])] = &[
    ("ppc-support", &[POWERPC]),
    ("ppc-exceptions", &[POWERPC]),
    ("ppc-kernel", &[POWERPC]),
    ("ppc-openpic", &[POWERPC]),
    ("ppc-sweep", &[POWERPC]),
    ("ppc-universal", &[POWERPC]),
    ("ppc-programs", &[POWERPC]),
    ("arm-support", &[ARMV7A, AARCH64]),
    ("gic-compare", &[ARMV7A, AARCH64]),
];
