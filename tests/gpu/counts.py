"""What the software device counts of a kernel at work: no times.

A question is (graph, point) as count_work.c reads it; a count has a number for
each of COUNTS. The device is a small one, so that small graphs fill it and do
not fit its caches.
"""
import json
import os
import subprocess
import tempfile

SMS = 8
DEVICE = ("cache=1 sms=%d occupancy=4 resident=32 slice=400 l1_bytes=16384 "
          "l2_bytes=131072" % SMS)

# name -> (better when, slack, what it is). Another release of NVRTC may choose
# other instructions: 2 %. What the caches hold also depends on where the system
# puts buffers, which moves some counts by 2 %: 5 %.
COUNTS = {
    "sectors": ("less", 0, "32-byte sectors loaded and stored"),
    "l2": ("less", .05, "of these, what L1 lacked"),
    "dram": ("less", .05, "of these, what L2 lacked, and what was written"),
    "waves": ("less", 0, "wavefronts of shared memory"),
    "conflicts": ("less", 0, "of these, those that bank conflicts added"),
    "atomics": ("less", 0, "atomic instructions"),
    "instr": ("less", .02, "instructions of warps"),
    "simt": ("more", .02, "of 1000 lanes, those that these employ"),
    "even": ("more", .02, "of 1000 places for blocks, those busy to the end"),
}


def total(launches, *path):
    """The sum of a number over launches."""
    found = 0
    for launch in launches:
        for name in path:
            launch = launch[name]
        found += launch
    return found


def count(launches):
    """The launches of one question as a count."""
    memory = ("global_load", "global_store", "global_atomic")
    shared = ("shared_load", "shared_store", "shared_atomic")
    waves = sum(total(launches, s, "wavefronts") for s in shared)
    ideal = sum(total(launches, s, "ideal_wavefronts") for s in shared)
    instr = total(launches, "warp_instructions")
    threads = total(launches, "thread_instructions")
    busy = sum(launch["warp_instructions"] /
               launch["balance"]["schedule_efficiency"]
               for launch in launches if launch["warp_instructions"])
    return {
        "sectors": sum(total(launches, m, "sectors") for m in memory),
        "l2": total(launches, "cache", "l2_hit_sectors") +
              total(launches, "cache", "l2_miss_sectors"),
        "dram": total(launches, "cache", "dram_read_sectors") +
                total(launches, "cache", "dram_write_sectors"),
        "waves": waves,
        "conflicts": waves - ideal,
        "atomics": total(launches, "global_atomic", "requests") +
                   total(launches, "shared_atomic", "requests"),
        "instr": instr,
        "simt": round(1000 * threads / (32 * instr)) if instr else 1000,
        "even": round(1000 * instr / busy) if busy else 1000,
    }


def read_log(path):
    """[(what count_work wrote, [launch])]."""
    answers = []
    with open(path) as f:
        for line in f:
            row = json.loads(line)
            if "graph" in row:
                answers.append((row, []))
            elif "kernel" in row:
                answers[-1][1].append(row)
    return answers


def ask(program, templates, questions):
    """[(what count_work wrote, [launch])] of all (graph, point)."""
    with tempfile.TemporaryDirectory(prefix="gnnac-counts-") as folder:
        log = os.path.join(folder, "log")
        # Findings also go to stderr, where the caller looks.
        env = dict(os.environ, RIG_LOG=log, RIG_OPTS=DEVICE)
        subprocess.run([program, templates, str(SMS)], env=env, check=True,
                       text=True, stdout=subprocess.DEVNULL,
                       input="".join("%s %s\n" % q for q in questions))
        return read_log(log)
