import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { peakMemory } from './peak-memory.ts'

/** Loaded before the command (`node --import`): leaves behind the most bytes that the process had when it ends. */
const file = process.env.PEAK_FILE
if (isMainThread && file !== undefined) process.on('exit', () => writeFileSync(file, String(peakMemory())))
