import { expect, it } from 'vitest'
import { withSection } from '../src/pages.ts'

it('replaces what is between the markers and nothing else', () => {
  const page = '# P\n<!-- bench:a -->\nold\n<!-- /bench:a -->\ntext\n<!-- bench:ab -->\nkept\n<!-- /bench:ab -->\n'
  expect(withSection(page, 'a', 'new')).toBe(page.replace('old', 'new'))
})

it('adds a section to a page that has none of this name, and finds it again', () => {
  const page = withSection('# P\n', 'a', 'one')
  expect(page).toContain('## a\n\n<!-- bench:a -->\none\n')
  expect(withSection(page, 'a', 'two')).toBe(page.replace('one', 'two'))
})
