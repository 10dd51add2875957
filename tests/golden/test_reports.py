#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# decode of ESR_EL2, FAR_EL2, HPFAR_EL2 and PAR_EL1 against the definitions in the Arm ARM; of the exit qualification of EPT
# violations and EXITINFO1 of nested page faults against those in SDM and APM.

"""Each field is set alone, all ones and all zeroes, and must be said with its name, bits and value. The tables are written from
DDI 0487, D24.2 (ESR_EL2, HPFAR_EL2, FAR_EL2, PAR_EL1) and the pseudocode EncodeLDFSC, not from what s2dump has."""

import argparse
import json
import subprocess
import sys

# ESR_ELx: EC [31:26], IL [25], then the ISS encoding of the class. (class, other bits that choose the encoding): fields as high, low.
EC, IL = (31, 26), (25, 25)
ABORT2 = {"DirtyBit": (37, 37), "Overlay": (38, 38), "AssuredOnly": (39, 39), "HDBSSF": (43, 43), "TopLevel": (53, 53)}
DATA = {"DFSC": (5, 0), "WnR": (6, 6), "S1PTW": (7, 7), "CM": (8, 8), "EA": (9, 9), "FnV": (10, 10), "VNCR": (13, 13),
        "ISV": (24, 24), "Xs": (36, 32), "GCS": (40, 40), "TagAccess": (41, 41), "TnD": (42, 42), **ABORT2}
SYNDROME = {"AR": (14, 14), "SF": (15, 15), "SRT": (20, 16), "SSE": (21, 21), "SAS": (23, 22)}
FETCH = {"IFSC": (5, 0), "S1PTW": (7, 7), "EA": (9, 9), "FnV": (10, 10), **ABORT2}
COND = {"COND": (23, 20), "CV": (24, 24)}
ISV, EXTERNAL = 1 << 24, 0x10
COPROCESSOR = {"Direction": (0, 0), "CRm": (4, 1), "Rt": (9, 5), "CRn": (13, 10), "Opc1": (16, 14), "Opc2": (19, 17), **COND}
WIDE = {"Direction": (0, 0), "CRm": (4, 1), "Rt": (9, 5), "Rt2": (14, 10), "Opc1": (19, 16), **COND}
FLOAT = {"IOF": (0, 0), "DZF": (1, 1), "OFF": (2, 2), "UFF": (3, 3), "IXF": (4, 4), "IDF": (7, 7), "VECITR": (10, 8),
         "TFV": (23, 23)}
WATCH = {"DFSC": (5, 0), "WnR": (6, 6), "CM": (8, 8), "FnV": (10, 10), "VNCR": (13, 13), "FnP": (15, 15), "WPF": (16, 16),
         "WPTV": (17, 17), "WPT": (23, 18)}
# Classes that ESR_EL2.EC can have.
CLASSES = {0x00, 0x01, *range(0x03, 0x0b), 0x0c, 0x0d, 0x0e, *range(0x11, 0x1e), 0x20, 0x21, 0x22, *range(0x24, 0x29), 0x2c, 0x2d, 0x2f,
           *range(0x30, 0x36), 0x38, 0x3a, 0x3c, 0x3d}
IMM16 = {"imm16": (15, 0)}

ESR = [
    (0x00, 0, {"ISS": (24, 0)}),
    (0x01, 0, {"TI": (1, 0), "RV": (2, 2), "RN": (9, 5), **COND}),
    (0x03, 0, COPROCESSOR), (0x05, 0, COPROCESSOR),
    (0x04, 0, WIDE), (0x0c, 0, WIDE), (0x08, 0, COPROCESSOR),
    (0x06, 0, {"Direction": (0, 0), "AM": (3, 1), "Offset": (4, 4), "Rn": (9, 5), "imm8": (19, 12), **COND}),
    (0x07, 0, COND),
    (0x0d, 0, {"BTYPE": (1, 0)}),
    (0x11, 0, IMM16), (0x12, 0, IMM16), (0x15, 0, IMM16), (0x16, 0, IMM16), (0x17, 0, IMM16),
    (0x18, 0, {"Direction": (0, 0), "CRm": (4, 1), "Rt": (9, 5), "CRn": (13, 10), "Op1": (16, 14), "Op2": (19, 17),
               "Op0": (21, 20)}),
    (0x1a, 0, {"ERETA": (0, 0), "ERET": (1, 1)}),
    (0x13, 0, {"CCKNOWNPASS": (19, 19), **COND}),
    (0x14, 0, {"Direction": (0, 0), "CRm": (4, 1), "Rt": (9, 6), "CRn": (13, 10), "Op1": (16, 14), "Op2": (19, 17),
               "Op0": (21, 20)}),
    (0x1b, 0, {"Rd": (9, 5)}),
    (0x1c, 0, {"B_key": (0, 0), "data": (1, 1)}),
    (0x1d, 0, {"SMTC": (2, 0)}),
    (0x20, 0, FETCH), (0x21, 0, FETCH),
    (0x20, EXTERNAL, {**FETCH, "SET": (12, 11), "PFV": (14, 14), "WU": (17, 16)}),
    (0x24, 0, {**DATA, "LST": (12, 11), "FnP": (15, 15)}), (0x25, 0, {**DATA, "LST": (12, 11), "FnP": (15, 15)}),
    (0x24, EXTERNAL, {**DATA, "SET": (12, 11), "PFV": (14, 14), "FnP": (15, 15), "WU": (17, 16)}),
    (0x24, ISV, {**DATA, **SYNDROME, "LST": (12, 11)}), (0x25, ISV, {**DATA, **SYNDROME, "LST": (12, 11)}),
    (0x21, EXTERNAL, {**FETCH, "SET": (12, 11), "PFV": (14, 14), "WU": (17, 16)}),
    (0x25, EXTERNAL, {**DATA, "SET": (12, 11), "PFV": (14, 14), "FnP": (15, 15), "WU": (17, 16)}),
    (0x27, 0, {"sizereg": (4, 0), "srcreg": (9, 5), "destreg": (14, 10), "OptionA": (16, 16), "WrongOption": (17, 17),
               "FromEpilogue": (18, 18), "Options": (22, 19), "isSETG": (23, 23), "MemInst": (24, 24)}),
    (0x28, 0, FLOAT), (0x2c, 0, FLOAT),
    (0x2d, 0, {"IT": (4, 0), "RADDR": (14, 10), "ExType": (23, 20)}),
    (0x34, 0, WATCH), (0x35, 0, WATCH),
    (0x31, 0, {"IFSC": (5, 0)}), (0x33, 0, {"IFSC": (5, 0), "EX": (6, 6), "ISV": (24, 24)}),
    (0x38, 0, {"Comment": (15, 0)}),
    (0x2f, 0, {"DFSC": (5, 0), "EA": (9, 9), "AET": (12, 10), "IESB": (13, 13), "IDS": (24, 24)}),
    (0x30, 0, {"IFSC": (5, 0)}),
    (0x32, 0, {"IFSC": (5, 0), "EX": (6, 6), "ISV": (24, 24)}),
    (0x3c, 0, {"Comment": (15, 0)}),
]
# Bits that choose the encoding are not set alone.
CHOOSE = {"ISV", "DFSC", "IFSC", "EC", "F", "linear", "final"}

# Not all ones: EC by ESR's rows, and with F = 1.
PAR_DONE = {"F": (0, 0), "SH": (8, 7), "NS": (9, 9), "IMP": (10, 10), "NSE": (11, 11), "PA": (51, 12), "ATTR": (63, 56)}
PAR_FAULT = {"F": (0, 0), "FST": (6, 1), "PTW": (8, 8), "S": (9, 9), "RES1": (11, 11), "AssuredOnly": (12, 12),
             "TopLevel": (13, 13), "Overlay": (14, 14), "DirtyBit": (15, 15), "IMP48": (51, 48), "IMP52": (55, 52),
             "IMP56": (63, 56)}
HPFAR = {"FIPA": (47, 4), "NS": (63, 63)}
FAR = {"VA": (63, 0)}

# SDM 3C, table "Exit Qualification for EPT Violations": bit 8 means something with bit 7, bits 11:9 with both.
VIOLATION = {"R": (0, 0), "W": (1, 1), "X": (2, 2), "readable": (3, 3), "writable": (4, 4), "exec": (5, 5), "user-exec": (6, 6),
             "linear": (7, 7), "NMI": (12, 12), "shadow-stack": (13, 13), "SSS": (14, 14), "verification": (15, 15),
             "asynchronous": (16, 16)}
LINEAR = {**VIOLATION, "final": (8, 8)}
GUEST = {**LINEAR, "mode": (9, 9), "guest-write": (10, 10), "guest-exec": (11, 11)}
# APM volume 2, "Nested versus Guest Page Faults, Fault Ordering", and the RMP checks of SEV-SNP. Bit 32 chooses nothing.
NPF = {"P": (0, 0), "RW": (1, 1), "US": (2, 2), "RSV": (3, 3), "ID": (4, 4), "SS": (6, 6), "RMP": (31, 31), "final": (32, 32),
       "table": (33, 33), "ENC": (34, 34), "SIZEM": (35, 35), "VMPL": (36, 36)}

# Data abort ISS: DFSC, D24.2; the architecture counts levels on from the last of each row.
STATUS = {}
for first, kind in ((0x00, "address size fault"), (0x04, "translation fault"), (0x08, "access flag fault"),
                    (0x0c, "permission fault"), (0x14, "external abort of a walk"), (0x1c, "parity or ECC error of a walk"),
                    (0x24, "granule protection fault of a walk")):
    STATUS |= {first + level: f"{kind}, level {level}" for level in range(4)}
STATUS |= {0b010000: "synchronous external abort", 0b010001: "synchronous tag check fault",
           0b010010: "external abort of a walk, level -2", 0b010011: "external abort of a walk, level -1",
           0b011000: "parity or ECC error", 0b011011: "parity or ECC error of a walk, level -1", 0b100001: "alignment fault",
           0b100010: "granule protection fault of a walk, level -2", 0b100011: "granule protection fault of a walk, level -1",
           0b101000: "granule protection fault", 0b101001: "address size fault, level -1",
           0b101010: "translation fault, level -2", 0b101011: "translation fault, level -1",
           0b101100: "address size fault, level -2", 0b110000: "TLB conflict abort",
           0b110001: "unsupported atomic hardware update", 0b110100: "lockdown",
           0b110101: "unsupported exclusive or atomic access"}

# Classes whose fault status has codes of its own: all others are reserved.
OWN = {0x2f: ("DFSC", {0: "uncategorized error", 0b010001: "asynchronous SError exception"}),
       **{ec: ("IFSC", {0b100010: "debug exception"}) for ec in range(0x30, 0x34)},
       **{ec: ("DFSC", {0b100010: "debug exception"}) for ec in (0x34, 0x35)}}


def ones(high, low):
    return (1 << high + 1) - (1 << low)


def each_field(register, base, fields):
    yield register, base, fields
    for name, place in fields.items():
        if name not in CHOOSE:
            yield register, base | ones(*place), fields


def cases_arm64():
    for ec, base, iss in ESR:
        yield from each_field("esr_el2", base | ec << 26, {"IL": IL, "EC": EC, **iss})
    for row in (("par_el1", 0, PAR_DONE), ("par_el1", 1, PAR_FAULT), ("hpfar_el2", 0, HPFAR), ("far_el2", 0, FAR)):
        yield from each_field(*row)


def cases_x86():
    for row in (("qualification", 0, VIOLATION), ("qualification", 1 << 7, LINEAR), ("qualification", 3 << 7, GUEST),
                ("exitinfo1", 0, NPF), ("exitinfo1", 1 << 32, NPF)):
        yield from each_field(*row)


def decode(s2dump, words):
    done = subprocess.run([s2dump, "decode", "--json", *words], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["decoded"]


def wrong_fields(s2dump, wanted):
    """@wanted: (register, value, its fields' places)"""
    for (register, value, fields), got in zip(wanted, decode(s2dump, [f"{r}={v:#x}" for r, v, _ in wanted]), strict=True):
        have = {f["name"]: (int(f["mask"], 16), int(f["value"], 16)) for f in got["fields"] if f["mask"]}
        want = {name: (ones(*place), (value & ones(*place)) >> place[1]) for name, place in fields.items()}
        if have != want or got["as"] != register:
            yield f"{register}={value:#x}: {sorted(set(have.items()) ^ set(want.items()))}"


def wrong_arm64(s2dump):
    yield from wrong_fields(s2dump, [*cases_arm64()])
    for register, shift, name, fixed in (("esr_el2", 0, "DFSC", 0x24 << 26), ("esr_el2", 0, "IFSC", 0x20 << 26),
                                         ("par_el1", 1, "FST", 1)):
        for code, got in enumerate(decode(s2dump, [f"{register}={fixed | c << shift:#x}" for c in range(64)])):
            text = next(f["text"] for f in got["fields"] if f["name"] == name)
            if text != STATUS.get(code, "reserved"):
                yield f"{register} {name} {code:#x}: '{text}' is not '{STATUS.get(code, 'reserved')}'"
    for ec, (name, status) in OWN.items():
        for code, got in enumerate(decode(s2dump, [f"esr_el2={ec << 26 | c:#x}" for c in range(64)])):
            text = next(f["text"] for f in got["fields"] if f["name"] == name)
            if text != status.get(code, "reserved"):
                yield f"esr_el2 EC {ec:#x} {name} {code:#x}: '{text}' is not '{status.get(code, 'reserved')}'"
    for code, got in enumerate(decode(s2dump, [f"esr_el2={c << 26:#x}" for c in range(64)])):
        text = next(f["text"] for f in got["fields"] if f["name"] == "EC")
        if (text == "reserved") != (code not in CLASSES):
            yield f"esr_el2 EC {code:#x}: '{text}'"
    # HPFAR_EL2.FIPA is IPA[55:12]; PAR_EL1.PA is PA[51:12].
    for word, name, address in (("hpfar_el2=0x400120", "ipa", 0x40012000), ("hpfar_el2=0xffffffffffffffff", "ipa", (1 << 56) - (1 << 12)),
                                ("par_el1=0xff00000012345b80", "pa", 0x12345000)):
        got = {f["name"]: f["value"] for f in decode(s2dump, [word])[0]["fields"]}
        if int(got[name], 16) != address:
            yield f"{word}: {name} {got[name]} is not {address:#x}"


def wrong_x86(s2dump):
    yield from wrong_fields(s2dump, [*cases_x86()])
    # APM volume 2, 15.36: SIZEM is of the two instructions that take a page size, not of NPT, whose size may differ without it.
    size = next(f["meaning"] for f in decode(s2dump, ["exitinfo1=0x880000000"])[0]["fields"] if f["name"] == "SIZEM")
    if not all(word in size for word in ("PVALIDATE", "RMPADJUST")):
        yield f"exitinfo1 SIZEM: '{size}'"


WRONG = {"arm64": wrong_arm64, "x86": wrong_x86}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--s2dump", required=True)
    parser.add_argument("--archs", default="arm64,x86", help="architectures of the build")
    args = parser.parse_args()
    tests = [test for arch, test in WRONG.items() if arch in args.archs.split(",")]
    wrong = [line for test in tests for line in test(args.s2dump)]
    print(*wrong, f"reports: {len(tests)} architectures, {len(wrong)} wrong", sep="\n")
    return 1 if wrong or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
