import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Benchmark, Job, Task } from './contract.ts'
import { difference, type Fingerprint, fingerprint } from './fingerprint.ts'
import type { Contestant } from './listing.ts'
import { measure } from './measure.ts'
import { tableIn } from './outputs.ts'
import type { CaseResult, Run } from './results.ts'
import { commandFor } from './runners.ts'

export interface Contest {
  readonly benchmark: Benchmark
  readonly contestants: readonly Contestant[]
  readonly task: Task
  readonly rounds: number
  readonly input: string
  /** For outputs; emptied after every run. */
  readonly workFolder: string
  readonly progress: (text: string) => void
}

interface Standing {
  readonly contestant: Contestant
  readonly runs: Run[]
  engine?: string
  missing?: string
}

/** Round by round, each contestant once a round (a slow one in the first), so that a slow minute of the machine is shared by all. */
export async function runRounds(contest: Contest): Promise<CaseResult> {
  const standings = contest.contestants.map((contestant): Standing => ({ contestant, runs: [] }))
  let expected: Fingerprints | undefined
  for (let round = 0; round < contest.rounds; round++) {
    for (const standing of standings) {
      if (standing.missing !== undefined) continue
      if (round > 0 && contest.benchmark.slow?.includes(standing.contestant.name)) continue
      contest.progress(
        [contest.task.variant, `round ${round + 1} of ${contest.rounds}`, standing.contestant.name]
          .filter(Boolean)
          .join(', '),
      )
      const found = await runOnce(contest, standing)
      if (!found) continue
      expected ??= found
      refuseDifference(expected, found, standing.contestant)
    }
  }
  const contestants = standings.map(({ contestant: { name, about }, engine, missing, runs }) => ({
    name,
    about,
    ...(engine === undefined ? {} : { engine }),
    ...(missing === undefined ? {} : { missing }),
    runs,
  }))
  return { variant: contest.task.variant, contestants }
}

type Fingerprints = Readonly<Record<string, Fingerprint>>

async function fingerprintsOf(benchmark: Benchmark, output: string): Promise<Fingerprints> {
  const sources = benchmark.outputs?.(output) ?? { rows: tableIn(output) }
  const found: Record<string, Fingerprint> = {}
  for (const [name, source] of Object.entries(sources)) found[name] = await fingerprint(source)
  return found
}

function refuseDifference(expected: Fingerprints, found: Fingerprints, { name }: Contestant): void {
  for (const [output, prints] of Object.entries(expected)) {
    const wrong = found[output] === undefined ? 'is not there' : difference(prints, found[output])
    if (wrong) throw new Error(`${name} gives another result than the first contestant: ${output}: ${wrong}`)
  }
}

/** Adds a run to the standing, or says why there is none. Answers what the output holds. */
async function runOnce(contest: Contest, standing: Standing): Promise<Fingerprints | undefined> {
  const { benchmark, task, input, workFolder } = contest
  const output = join(workFolder, 'output')
  await rm(output, { recursive: true, force: true })
  await mkdir(output, { recursive: true })
  try {
    const job: Job = { ...task, input, output }
    const command = await commandFor(standing.contestant, job)
    const outcome = 'unavailable' in command ? command : await measure(command, benchmark.measures, workFolder)
    if ('unavailable' in outcome) {
      standing.missing = outcome.unavailable
      return undefined
    }
    const { report, ...measured } = outcome
    const found = await fingerprintsOf(benchmark, output)
    if (report.engine !== undefined) standing.engine = report.engine
    standing.runs.push({
      ...measured,
      outputBytes: await bytesIn(output),
      units: report.units ?? task.size,
      figures: report.figures ?? {},
    })
    return found
  } finally {
    await rm(output, { recursive: true, force: true })
  }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
