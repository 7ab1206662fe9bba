// The theme without its fonts: nothing is loaded from elsewhere.
export { default } from 'vitepress/theme-without-fonts'

import './style.css'
