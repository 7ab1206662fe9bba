import { h, render } from 'preact'
import { follow } from './feed.ts'
import { Page } from './layout.ts'

const root = document.getElementById('page')
if (root) {
  root.replaceChildren()
  follow((view) => render(h(Page, view), root))
}
