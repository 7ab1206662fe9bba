import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { spawnSupervisor, startedServer } from '@millrace/testkit'
import { type BrowserContextOptions, chromium } from 'playwright-core'
import { openWorkplace } from '../e2e/millrace.ts'

// node test/pictures/report.ts: the pictures of docs/report.md, of a run over made up posts.

const POSTS = 11_000

const PICTURES: Readonly<Record<string, BrowserContextOptions>> = {
  'report-light': { viewport: { width: 1280, height: 1500 } },
  'report-dark': { viewport: { width: 1280, height: 1500 }, colorScheme: 'dark' },
  'report-phone': { viewport: { width: 390, height: 1500 }, deviceScaleFactor: 1.5, isMobile: true },
}

const supervisor = await spawnSupervisor(() => {})
const place = await openWorkplace()
try {
  await place.run('ingest', '--count', String(POSTS), '--mode', 'random', '--seed', '7')
  await place.run('stream', '--until-caught-up', '--no-dashboard')
  await place.run('batch', '--date', '2026-01-31')
  const answer = await startedServer(supervisor.socketPath, 'chromium')
  if (!('address' in answer)) throw new Error(JSON.stringify(answer))
  const browser = await chromium.connectOverCDP(answer.address.url)
  for (const [file, options] of Object.entries(PICTURES)) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    await page.goto(pathToFileURL(join(place.folder, 'reports/2026-01-31/report.html')).href)
    const image = await page.screenshot({ animations: 'disabled' })
    await writeFile(fileURLToPath(new URL(`../../docs/images/${file}.png`, import.meta.url)), image)
    await context.close()
  }
  await browser.close()
} finally {
  await place.leave()
  await supervisor.close()
}
