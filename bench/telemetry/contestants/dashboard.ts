// the command with its dashboard: metrics are scraped every second, and a browser follows every event
import { setTimeout as sleep } from 'node:timers/promises'
import { freeAddress, millrace } from '../worker.ts'

const SCRAPE_EVERY_MS = 1_000

const address = await freeAddress()
const ended = new AbortController()
const looking = Promise.all([scrape(), follow()])
await millrace(address)
ended.abort()
await looking

async function scrape(): Promise<void> {
  while (!ended.signal.aborted) {
    await fetch(`http://${address}/metrics`, { signal: ended.signal })
      .then((answer) => answer.text())
      .catch(() => {})
    await sleep(SCRAPE_EVERY_MS, undefined, { signal: ended.signal }).catch(() => {})
  }
}

async function follow(): Promise<void> {
  while (!ended.signal.aborted) {
    const events = await fetch(`http://${address}/events`, { signal: ended.signal }).catch(() => undefined)
    await events?.text().catch(() => {})
    if (!events) await sleep(SCRAPE_EVERY_MS / 10)
  }
}
