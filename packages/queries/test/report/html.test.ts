import fc from 'fast-check'
import { expect, it } from 'vitest'
import { html } from '../../src/report/html.ts'

it('what is filled in can neither end its text nor its attribute', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const inside = html`${text}`.markup
      expect(inside).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/)
      expect(inside.isWellFormed()).toBe(true)
    }),
  )
})

it('markup that is filled in stays markup, in lists too, and nothing is nothing', () => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`)
  expect(html`<ul>${items}</ul>${undefined}${3}`.markup).toBe('<ul><li>a</li><li>&lt;b&gt;</li></ul>3')
})
