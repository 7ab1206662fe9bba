import { chromium as browsers } from 'playwright-core'
import { expect } from 'vitest'
import { withServices } from '../src/index.ts'

const it = withServices('chromium')

it('shows a page and says what is on it', async ({ chromium }) => {
  const browser = await browsers.connectOverCDP(chromium.url)
  const context = await browser.newContext()
  try {
    const page = await context.newPage()
    await page.setContent('<title>A page</title><h1>Words</h1><script>document.title += " that runs"</script>')
    expect(await page.title()).toBe('A page that runs')
    expect((await page.locator('h1').boundingBox())?.width).toBeGreaterThan(0)
  } finally {
    await context.close()
    await browser.close()
  }
})
