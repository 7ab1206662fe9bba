import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { temporaryFolder, withServices } from '@millrace/testkit'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium as browsers, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { HOSTILE, writeSample } from './sample.ts'

const it = withServices('chromium')

const WIDE = { viewport: { width: 1280, height: 900 } }
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let url: string
beforeAll(async () => {
  url = pathToFileURL(await writeSample(await temporaryFolder(afterAll))).href
})

interface Seen {
  readonly page: Page
  /** Everything that the page asked for beside itself, and everything that it complained of. */
  readonly unwanted: readonly string[]
}

async function withPage(address: string, options: BrowserContextOptions, use: (seen: Seen) => Promise<void>) {
  const browser: Browser = await browsers.connectOverCDP(address)
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    const unwanted: string[] = []
    page.on('request', (request) => request.url() === url || unwanted.push(request.url()))
    page.on('console', (message) => unwanted.push(message.text()))
    page.on('pageerror', (error) => unwanted.push(error.message))
    page.on('dialog', (dialog) => unwanted.push(dialog.message()))
    await page.goto(url)
    await use({ page, unwanted })
  } finally {
    await context.close()
    await browser.close()
  }
}

const QUESTIONS = 10

describe('the report', () => {
  it('shows every question with its picture, its rows and its SQL, and asks nobody for anything', async ({
    chromium,
  }) => {
    await withPage(chromium.url, WIDE, async ({ page, unwanted }) => {
      expect(await page.locator('section:has(> details)').count()).toBe(QUESTIONS)
      expect(await page.locator('section figure [role=img]').count()).toBe(QUESTIONS)
      expect(await page.locator('section table').count()).toBeGreaterThanOrEqual(QUESTIONS)
      await page.getByText('SQL of this answer').first().click()
      expect(await page.locator('pre:visible').textContent()).toContain('rank() OVER (PARTITION BY country')
      expect(await page.getByRole('table', { name: 'What became of the records' }).textContent()).toContain('37')
      expect(unwanted).toEqual([])
    })
  })

  it('shows hostile records as the texts that they are', async ({ chromium }) => {
    await withPage(chromium.url, WIDE, async ({ page, unwanted }) => {
      expect(await page.title()).toBe('Report of 2026-01-31 – Millrace')
      expect(await page.locator('script').count()).toBe(1)
      expect(await page.locator('img, a[href^=javascript], svg[onload]').count()).toBe(0)
      const shown = await page.locator('td').allTextContents()
      expect(shown).toContain(HOSTILE.category)
      expect(shown).toContain(HOSTILE.poster)
      expect(shown).toContain(HOSTILE.country.replace('\u0000', '\uFFFD'))
      expect(unwanted).toEqual([])
    })
  })

  it.for([
    ['on a screen', WIDE],
    ['in the dark', { ...WIDE, colorScheme: 'dark' as const }],
    ['on a phone', PHONE],
  ] as const)('gives nobody trouble %s: axe finds nothing', async ([, options], { chromium }) => {
    await withPage(chromium.url, options, async ({ page }) => {
      await page.evaluate(axe)
      const { violations } = (await page.evaluate('axe.run()')) as AxeResults
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
    })
  })

  it('is dark where that is asked for', async ({ chromium }) => {
    const brightness = async (options: BrowserContextOptions) => {
      let sum = 0
      await withPage(chromium.url, options, async ({ page }) => {
        const colour = await page.evaluate('getComputedStyle(document.body).backgroundColor')
        sum = (String(colour).match(/\d+/g) ?? []).slice(0, 3).reduce((total, part) => total + Number(part), 0)
      })
      return sum
    }
    expect(await brightness(WIDE)).toBe(765)
    expect(await brightness({ ...WIDE, colorScheme: 'dark' })).toBeLessThan(150)
  })

  it('fits a phone: nothing but tables and SQL is wider than the screen', async ({ chromium }) => {
    await withPage(chromium.url, PHONE, async ({ page }) => {
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
    })
  })

  it('is printed with all rows, without what only a screen can do', async ({ chromium }) => {
    await withPage(chromium.url, WIDE, async ({ page }) => {
      await page.emulateMedia({ media: 'print' })
      expect(await page.getByLabel('Filter').first().isVisible()).toBe(false)
      const cut = "[...document.querySelectorAll('.frame')].filter((e) => e.scrollHeight > e.clientHeight).length"
      expect(await page.evaluate(cut)).toBe(0)
      await page.emulateMedia({ media: 'screen' })
      expect(await page.evaluate(cut)).toBeGreaterThan(0)
    })
  })

  it('has all its rows without its script', async ({ chromium }) => {
    await withPage(chromium.url, { ...WIDE, javaScriptEnabled: false }, async ({ page }) => {
      expect(await page.getByRole('row', { name: 'Delft vehicles 3' }).count()).toBe(1)
      expect(await page.getByLabel('Filter').first().isVisible()).toBe(false)
    })
  })
})

describe("an answer's table", () => {
  const answer = (page: Page, title: string) =>
    page.locator('section', { has: page.getByRole('heading', { name: title, exact: true }) })

  const cells = async (page: Page, title: string, column: number) =>
    answer(page, title).locator(`tbody tr:visible td:nth-child(${column})`).allTextContents()

  it('is sorted by a key on a heading: upwards, downwards, as it was', async ({ chromium }) => {
    await withPage(chromium.url, WIDE, async ({ page }) => {
      const title = 'Median follower count by age group'
      const [before, heading] = [await cells(page, title, 2), answer(page, title).getByRole('columnheader').nth(1)]
      expect(before.length).toBe(4)
      await heading.getByRole('button').focus()
      await page.keyboard.press('Enter')
      expect(await heading.getAttribute('aria-sort')).toBe('ascending')
      const numbers = (await cells(page, title, 2)).map((text) => Number(text.replaceAll(',', '')))
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
      await page.keyboard.press('Space')
      expect(await heading.getAttribute('aria-sort')).toBe('descending')
      expect(await cells(page, title, 2)).toEqual(numbers.toReversed().map((number) => number.toLocaleString('en')))
      await page.keyboard.press('Enter')
      expect(await heading.getAttribute('aria-sort')).toBeNull()
      expect(await cells(page, title, 2)).toEqual(before)
    })
  })

  it('is filtered by what is typed, and says how many rows are left', async ({ chromium }) => {
    await withPage(chromium.url, WIDE, async ({ page }) => {
      const title = 'The most popular category in each country'
      const section = answer(page, title)
      await section.getByLabel('Filter').fill('ATLANTIS')
      expect(await cells(page, title, 2)).toEqual(['art', 'travel'])
      expect(await section.getByRole('status').textContent()).toBe('2 of 10 rows')
      await section.getByLabel('Filter').fill('')
      expect(await cells(page, title, 2)).toHaveLength(10)
    })
  })
})
