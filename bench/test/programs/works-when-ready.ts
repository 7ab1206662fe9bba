// prepares for long, works for short
import { ready, report } from '../../src/contestant.ts'

const used = () => Object.values(process.cpuUsage()).reduce((sum, microseconds) => sum + microseconds, 0)
const burn = (seconds: number) => {
  const end = used() + seconds * 1e6
  while (used() < end);
}
burn(1)
await ready()
burn(0.1)
report({ figures: { answer: 42 } })
