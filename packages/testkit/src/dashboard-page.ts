import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import type { TestContext } from 'vitest'

export const WIDE = { viewport: { width: 1360, height: 900 } }
export const DARK = { ...WIDE, colorScheme: 'dark' } as const
export const PHONE = { viewport: { width: 375, height: 760 }, isMobile: true, hasTouch: true }

export interface Visit {
  readonly page: Page
  /** All that the page complained of, and all that it asked of others than its own server. */
  readonly unwanted: readonly string[]
}

/** A worker's dashboard in a browser context of its own, closed with the test. */
export async function visitDashboard(
  browserUrl: string,
  url: string,
  options: BrowserContextOptions,
  finished: TestContext['onTestFinished'],
): Promise<Visit> {
  const browser = await chromium.connectOverCDP(browserUrl)
  const context = await browser.newContext(options)
  finished(async () => {
    await context.close()
    await browser.close()
  })
  const page = await context.newPage()
  const unwanted: string[] = []
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) unwanted.push(request.url())
  })
  page.on('console', (message) => unwanted.push(message.text()))
  page.on('pageerror', (error) => unwanted.push(error.message))
  page.on('dialog', async (dialog) => {
    unwanted.push(dialog.message())
    await dialog.dismiss()
  })
  await page.goto(url)
  await page.getByRole('heading', { name: 'Data sets' }).waitFor()
  return { page, unwanted }
}

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe has against the page, as `rule: where`. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const { violations } = (await page.evaluate('axe.run()')) as AxeResults
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(' ')}`))
}

/** A table's cells as people see them: by the name of the row, then of the column. */
export async function cells(page: Page, table: string): Promise<Record<string, Record<string, string>>> {
  const rows = `document.querySelectorAll('[role=group][aria-label="${table}"] tr')`
  // All at once: the page changes every second.
  const texts: string[][] = await page.evaluate(
    `[...${rows}].map((row) => [...row.cells].map((cell) => cell.innerText.trim()))`,
  )
  const [heads = [], ...body] = texts
  return Object.fromEntries(body.map((row) => [row[0], Object.fromEntries(row.map((text, i) => [heads[i], text]))]))
}
