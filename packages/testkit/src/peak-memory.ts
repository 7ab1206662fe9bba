import { readFileSync } from 'node:fs'

/**
 * Returns the most bytes that this process ever had in memory. What `resourceUsage` says of a process begins with the
 * memory of the process that started it; the kernel's own figure, on Linux, does not.
 */
export function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}

/** To be loaded before a command (`node --import`): writes the command's peak to the file PEAK_FILE at its end. */
export const REPORT_PEAK = new URL('report-peak.ts', import.meta.url).href
