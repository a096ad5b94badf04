/** The little that pages do in the browser. Everything works without it. */
import { digest } from '../core/chance.ts'

/** Keeps the place on the page when a tap only changed the basket, and the chosen category in sight. */
export const SCRIPT = `'use strict'
const key = 'encore-place'
document.addEventListener('submit', (event) => {
  const by = event.submitter
  if (by && by.dataset.keep !== undefined) sessionStorage.setItem(key, String(window.scrollY))
  else sessionStorage.removeItem(key)
})
const place = sessionStorage.getItem(key)
if (place !== null) {
  sessionStorage.removeItem(key)
  const back = () => window.scrollTo({ top: Number(place), behavior: 'instant' })
  back()
  window.addEventListener('load', () => requestAnimationFrame(back))
}
const chosen = document.querySelector('.category-keys [aria-pressed="true"]')
if (chosen) {
  const keys = chosen.closest('ul')
  keys.scrollLeft = chosen.offsetLeft - keys.offsetLeft - keys.clientWidth / 3
}
`
export const SCRIPT_PATH = `/assets/${digest(SCRIPT)}.js`
