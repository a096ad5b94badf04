/** How every page looks: one file, no load from elsewhere, light and dark by what the reader prefers. */
import { digest } from '../core/chance.ts'

export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f0e8; --card: #fffdf9; --ink: #24211c; --soft: #5d574c; --line: #e0d8ca; --edge: #847b6d;
  --accent: #1d5c4b; --accent-deep: #134236; --on-accent: #ffffff; --tint: #e3ede7; --tint-ink: #16493b;
  --bad: #8f2f22; --bad-tint: #f8e6e1;
  --shadow: 0 1px 2px rgb(60 50 30 / .06), 0 12px 32px -16px rgb(60 50 30 / .22);
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "Book Antiqua", "URW Palladio L", P052, Georgia, serif;
  --sans: Inter, ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #131614; --card: #1c201d; --ink: #efebe2; --soft: #b0aa9d; --line: #333a35; --edge: #7f8983;
    --accent: #8fd3b6; --accent-deep: #b5e6d0; --on-accent: #0b2018; --tint: #22332b; --tint-ink: #bfe6d4;
    --bad: #f3a898; --bad-tint: #3a221d;
    --shadow: 0 1px 2px rgb(0 0 0 / .4), 0 12px 32px -16px rgb(0 0 0 / .6);
  }
}
*, *::before, *::after { box-sizing: border-box }
html { font: 400 1.0625rem/1.55 var(--sans); background: var(--page); color: var(--ink);
  -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-block: 5rem }
body { margin: 0; overflow-wrap: break-word }
h1, h2, h3, h4, p, ul, ol, dl, dd, figure, blockquote, fieldset { margin: 0; padding: 0; border: 0 }
ul, ol { list-style: none }
h1, h2, h3 { font-family: var(--serif); font-weight: 600; line-height: 1.15; text-wrap: balance; letter-spacing: -.01em }
p { text-wrap: pretty }
a { color: var(--accent); text-underline-offset: .2em; text-decoration-thickness: .08em }
a:hover { color: var(--accent-deep) }
code { font: .86em/1.4 var(--mono); overflow-wrap: anywhere }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: .3rem }
[tabindex="-1"]:focus { outline: none }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.quiet { color: var(--soft) }
.label { font: 600 .8125rem/1.4 var(--sans); color: var(--soft); letter-spacing: .01em }
.display { font-size: clamp(1.9rem, 1.4rem + 2.2vw, 2.75rem) }
.number { font-variant-numeric: tabular-nums }
.skip { position: absolute; left: 1rem; top: -6rem; background: var(--card); padding: .75rem 1rem; z-index: 9 }
.skip:focus { top: 1rem }

.top { padding: 1rem clamp(1rem, 4vw, 2.5rem) 0 }
.top-row { display: flex; align-items: center; justify-content: space-between; gap: 1rem; flex-wrap: wrap }
.brand { display: inline-flex; align-items: center; gap: .6rem; min-height: 2.75rem;
  font: 600 1.35rem/1 var(--serif); color: var(--ink); text-decoration: none; letter-spacing: -.01em }
.brand-mark { width: 1.05rem; height: 1.05rem; border-radius: 50%; border: .27rem solid var(--accent) }
.top nav ul { display: flex; gap: .25rem }
.top nav a { display: inline-flex; align-items: center; min-height: 2.75rem; padding: 0 .85rem; border-radius: 999px;
  color: var(--ink); text-decoration: none }
.top nav a:hover { background: var(--tint); color: var(--tint-ink) }
.top nav a[aria-current] { font-weight: 600; text-decoration: underline; text-decoration-color: var(--accent); text-decoration-thickness: .14em; text-underline-offset: .45em }
.clock { margin-top: .25rem; color: var(--soft); font-size: .9rem }
.clock strong { color: var(--ink); font-weight: 600 }
main { padding: 1.25rem clamp(1rem, 4vw, 2.5rem) 5rem }
main.wide { max-width: 84rem; margin-inline: auto }
main.narrow { max-width: 54rem; margin-inline: auto }
.top { max-width: 84rem; margin-inline: auto }

button, select, input { font: inherit; color: inherit }
button, .button { display: inline-flex; align-items: center; justify-content: center; min-height: 2.75rem; padding: .4rem 1.05rem;
  border: 1px solid var(--edge); border-radius: .7rem; background: var(--card); color: var(--ink);
  font-weight: 500; line-height: 1.25; cursor: pointer; text-align: center; touch-action: manipulation; text-decoration: none }
button:hover, .button:hover { border-color: var(--accent); color: var(--accent) }
button:active { background: var(--tint) }
button:disabled { cursor: default; color: var(--soft); border-style: dashed; background: none }
.primary, .button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600;
  font-size: 1.125rem; min-height: 3.5rem; padding-inline: 1.75rem; border-radius: .9rem }
.primary:hover, .button.primary:hover { background: var(--accent-deep); border-color: var(--accent-deep); color: var(--on-accent) }
.small { min-height: 2.25rem; padding: .2rem .7rem; font-size: .9rem; border-radius: .55rem }
.plain { border-color: transparent; background: none; color: var(--soft); text-decoration: underline; text-underline-offset: .2em; padding-inline: .4rem }
button[aria-pressed="true"] { background: var(--tint); border-color: var(--accent); color: var(--tint-ink); font-weight: 600; box-shadow: inset 0 0 0 1px var(--accent) }
input:not([type="radio"]), select { width: 100%; min-height: 2.75rem; padding: .4rem .8rem; border: 1px solid var(--edge); border-radius: .7rem; background: var(--card) }
input::placeholder { color: var(--soft); opacity: 1 }
input[type="radio"] { accent-color: var(--accent); width: 1.25rem; height: 1.25rem; margin: 0; flex: none }
label { font-weight: 500 }
.form-field { display: grid; gap: .3rem; align-content: start; min-width: 0; grid-template-columns: minmax(0, 1fr) }
.form-hint { font-size: .9rem }
.form-wrong { color: var(--bad); font-size: .95rem; font-weight: 600; display: grid; gap: .2rem }

.card { background: var(--card); border-radius: 1.4rem; padding: clamp(1.25rem, 3.2vw, 2.5rem); box-shadow: var(--shadow) }
.note { background: var(--tint); color: var(--tint-ink); border-radius: .9rem; padding: .9rem 1.1rem; margin-block: 1rem }
.note:first-child { margin-top: 0 }
.note a { color: inherit }
.note-bad { background: var(--bad-tint); color: var(--bad) }
.note-ask { display: grid; gap: .75rem; justify-items: start }
.fold > summary { display: inline-flex; align-items: center; gap: .55rem; min-height: 2.75rem; cursor: pointer; font-weight: 600; color: var(--accent); list-style: none }
.fold > summary::-webkit-details-marker { display: none }
.fold > summary::before { content: ""; width: .5rem; height: .5rem; border: solid currentColor; border-width: 0 .14rem .14rem 0; transform: rotate(-45deg); flex: none; margin-inline: .15rem }
.fold[open] > summary::before { transform: rotate(45deg) translate(-.1rem, -.1rem) }

.till-head { display: flex; align-items: end; justify-content: space-between; flex-wrap: wrap; gap: .75rem 2rem; margin-bottom: 1.25rem }
.till-head h1 { font-size: clamp(2rem, 1.5rem + 2vw, 2.75rem) }
.sites legend { float: left; padding: .65rem .9rem .65rem 0; font-size: .95rem }
.segments { display: inline-flex; flex-wrap: wrap; gap: .4rem }
.segment { border-radius: 999px }

.who { margin-bottom: 1.5rem; padding-bottom: .75rem; border-bottom: 1px solid var(--line) }
.who-title { margin-bottom: .5rem }
.who-now { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem 1rem }
.who h2 { font-size: 1.5rem }
.who h2 .quiet { font: 400 1rem/1.4 var(--sans); letter-spacing: 0 }
.ref { font: 400 .9rem/1.4 var(--mono); color: var(--soft); margin-left: .6rem; letter-spacing: 0 }
.people { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15.5rem), 1fr)); gap: .6rem; padding-block: .5rem }
.person { width: 100%; height: 100%; flex-direction: column; align-items: flex-start; justify-content: flex-start; text-align: left; gap: .15rem;
  padding: .8rem 1rem; border-color: var(--line); border-radius: 1rem; font-weight: 400 }
.person strong { font: 600 1.15rem/1.3 var(--serif) }
.person span { color: var(--soft); font-size: .95rem }
.person:hover span { color: var(--ink) }
.others { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: .75rem 2rem; padding-block: .75rem 1rem }
.line-form { display: grid; grid-template-columns: 1fr auto; gap: .35rem .5rem }
.line-form label { grid-column: 1 / -1 }

.counter { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr) }
.stage { display: grid; gap: 1.25rem; align-content: start; grid-template-columns: minmax(0, 1fr) }
.waiting { display: grid; gap: 1rem; justify-items: start }
.waiting p { max-width: 34rem }
.change { border-left: .25rem solid var(--accent); padding: .1rem 0 .1rem 1rem }
.change p { font-size: 1.1rem }
.change p.quiet { font-size: 1rem }
.change s { color: var(--soft) }

.offer-head { display: grid; grid-template-columns: 1fr auto; gap: .35rem 1rem; align-items: baseline }
.offer-head h2 { grid-column: 1 / -1; font-size: clamp(1.5rem, 1.2rem + 1.2vw, 2rem) }
.price { font: 600 1.1rem/1.3 var(--sans); color: var(--accent); text-align: right }
.say { margin-block: 1.5rem; padding: clamp(1.1rem, 2.5vw, 1.75rem); background: var(--tint); color: var(--tint-ink); border-radius: 1.1rem }
.say .label { color: inherit }
.opener { font: 500 clamp(1.75rem, 1.25rem + 2.2vw, 2.75rem)/1.15 var(--serif); letter-spacing: -.015em; margin-block: .3rem .9rem; text-wrap: balance }
.opener-small { font-size: clamp(1.35rem, 1.1rem + 1vw, 1.75rem) }
.say-line { font-size: 1.15rem; max-width: 38rem }
.disclosure { margin-top: .8rem; padding-top: .8rem; border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); font-style: italic }
.small-say { font-family: var(--serif); font-size: 1.125rem }
.because ul { margin-top: .2rem; font-size: 1.1rem }
.outcomes { margin-top: 1.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line) }
.outcomes > .label { margin-bottom: .6rem }
.taps { display: grid; gap: 1.25rem }
.tap-row { display: flex; flex-wrap: wrap; gap: .5rem }
.taps legend { font-weight: 600; margin-bottom: .5rem }
.sessions { display: grid; gap: .4rem; margin-bottom: .75rem }
.sessions label { display: grid; grid-template-columns: auto 1fr auto; align-items: center; gap: .15rem .85rem; min-height: 3.25rem; padding: .5rem .9rem; border: 1px solid var(--line); border-radius: .8rem; cursor: pointer; font-weight: 400 }
.sessions label:hover { border-color: var(--accent) }
.sessions label:has(:checked) { border-color: var(--accent); box-shadow: inset 0 0 0 1px var(--accent); background: var(--tint); color: var(--tint-ink) }
.sessions label:has(:checked) .quiet, .sessions label:has(:checked) .places { color: inherit }
.sessions strong { display: block; font-weight: 600 }
.sessions .quiet { display: block; font-size: .95rem; line-height: 1.35 }
.places { margin-left: auto; text-align: right; font-size: .95rem; white-space: nowrap; color: var(--soft); font-variant-numeric: tabular-nums }
.yes-key { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; padding-inline: 1.6rem }
.yes-key:hover { background: var(--accent-deep); border-color: var(--accent-deep); color: var(--on-accent) }
.under { margin-top: .5rem }
.slip { width: min(100%, 25rem); margin: 1.25rem auto 1.75rem; filter: drop-shadow(0 1px 1px rgb(40 30 10 / .16)) drop-shadow(0 10px 16px rgb(40 30 10 / .16)) }
.slip-paper { padding: 1.5rem 1.5rem 2.1rem; text-align: center; background: #fdf8ec; color: #24211c; border-radius: .35rem .35rem 0 0;
  --bite: conic-gradient(from -45deg at bottom, #0000, #000 1deg 89deg, #0000 90deg) 50% / .9rem 100%;
  -webkit-mask: var(--bite); mask: var(--bite) }
.slip .quiet { color: #5d574c }
.slip-line { font-size: 1.05rem }
.slip-day { margin-top: .6rem; font-weight: 600 }
.slip-code { margin-block: .8rem .4rem; font: 600 clamp(1.7rem, 1.2rem + 2.4vw, 2.25rem)/1.1 var(--mono); letter-spacing: .06em }
.offer-foot { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); gap: 1.5rem; margin-top: 1.75rem; padding-top: 1.5rem; border-top: 1px solid var(--line); font-size: 1rem }
.offer-foot .label { margin-bottom: .3rem }
.offer-foot li .quiet { display: block }
.checks .check { padding-left: 1.5rem; position: relative }
.checks .check .quiet { display: inline }
.check::before { content: ""; position: absolute; left: .2rem; top: .4em; width: .35rem; height: .65rem; border: solid var(--accent); border-width: 0 .15rem .15rem 0; transform: rotate(40deg) }
.check-off::before { border-color: var(--edge); border-width: 0 0 .15rem 0; transform: none; width: .7rem; height: .3rem }
.silence { display: grid; gap: 1.5rem }
.silence .say { margin-block: 0 }
.silence header .label { margin-bottom: .3rem }
.calm { font-size: 1.1rem; max-width: 34rem }
.question { padding-top: 1.25rem; border-top: 1px solid var(--line) }

.told { padding: .5rem 0 0 }
.told > .label { font-size: 1rem; color: var(--ink) }
.told-lines { margin-block: .5rem }
.told-lines button { white-space: nowrap }
.told-lines form { flex: none }
.told-lines li { display: flex; align-items: center; justify-content: space-between; gap: .75rem; padding-block: .45rem; border-bottom: 1px solid var(--line) }
.tell { display: grid; gap: .9rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); padding-block: .5rem 1rem; align-items: end }
.tell > button { justify-self: start }

.receipt { background: var(--card); border-radius: 1.4rem; padding: 1.5rem; box-shadow: var(--shadow); align-self: start }
.receipt h2, .shelf h2 { font-size: 1.5rem }
.receipt-empty { padding-block: .75rem }
.lines li { display: grid; grid-template-columns: 1fr auto; gap: .4rem 1rem; padding-block: .9rem; border-bottom: 1px dashed var(--line) }
.line-price, .total dd { font-variant-numeric: tabular-nums; text-align: right }
.line-keys { grid-column: 1 / -1; display: flex; align-items: center; gap: .35rem }
.round { width: 2.5rem; min-height: 2.5rem; padding: 0; border-radius: 50%; font-size: 1.2rem }
.line-count { min-width: 2rem; text-align: center; font-variant-numeric: tabular-nums; font-weight: 600 }
.gift { margin-left: auto; min-height: 2.5rem; border-radius: 999px; padding-inline: 1rem }
.total > div { display: flex; justify-content: space-between; align-items: baseline; padding-block: 1rem; font-weight: 600; font-size: 1.2rem }
.total .quiet { font-weight: 400; font-size: .95rem; margin-left: .35rem }
.askbar { display: flex; gap: .6rem }
.askbar form:first-child, .askbar .primary { flex: 1 1 auto; width: 100% }
.askbar form:last-child:not(:first-child) { flex: none }
.askbar form:last-child:not(:first-child) button { min-height: 3.5rem; border-radius: .9rem; white-space: nowrap }
.receipt-end { text-align: center; padding-top: .5rem }

.shelf { padding-top: .5rem; min-width: 0 }
.shelf-head { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; justify-content: space-between; margin-bottom: .9rem }
.find { display: flex; gap: .5rem; flex: 0 1 22rem }
.keys h3 { font-size: 1.2rem; margin: 1.25rem 0 .6rem }
.category-keys { display: flex; flex-wrap: wrap; gap: .15rem; margin-inline: -.7rem }
.key { min-height: 2.25rem; padding: .1rem .7rem; font-size: .95rem; border-radius: 999px; border-color: transparent; background: none; font-weight: 400 }
.key:not([aria-pressed="true"]):hover { background: var(--tint); color: var(--tint-ink); border-color: transparent }
.products { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 13rem), 1fr)); gap: .6rem }
.product { width: 100%; height: 100%; min-height: 4.5rem; padding: .8rem 1rem; border-color: var(--line); border-radius: 1rem; justify-content: space-between; align-items: flex-start; gap: .75rem; text-align: left; font-weight: 500 }
.product-price { font-variant-numeric: tabular-nums; color: var(--soft); font-weight: 400; white-space: nowrap }

.why { background: none; border: 1px solid var(--line); border-radius: 1.4rem; padding: .35rem clamp(1rem, 3vw, 2rem) }
.why[open] { padding-bottom: 1.5rem }
.why section { margin-top: 1.75rem }
.why h3 { font-size: 1.25rem; margin-bottom: .6rem }
.why h4 { font-size: 1rem; margin-block: 1rem .25rem }
.cause { font-size: 1.1rem; margin-bottom: .9rem }
.facts { display: grid; gap: .5rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)) }
.facts dt { color: var(--soft); font-size: .9rem }
.goals, .scored { display: grid; gap: 1.2rem }
.goal-head { display: flex; justify-content: space-between; gap: 1rem }
.goal-head .number { font-weight: 600 }
.bar { display: block; width: 100%; height: .4rem; border-radius: 1rem; margin-block: .3rem .45rem }
.bar-all { fill: var(--line) } .bar-part { fill: var(--accent) } .bar-from { fill: var(--card); opacity: .45 }
.evidence li, .gate li { display: flex; justify-content: space-between; gap: 1rem; font-size: .95rem }
.parts { font-size: .95rem; color: var(--soft) }
.parts b { font-weight: 600; color: var(--ink); font-variant-numeric: tabular-nums }
.parts span { white-space: nowrap }
.gate { border-bottom: 1px solid var(--line) }
.gate summary { display: flex; justify-content: space-between; gap: 1rem; padding-block: .6rem; cursor: pointer; list-style: none; min-height: 2.75rem; align-items: baseline }
.gate summary::-webkit-details-marker { display: none }
.gate summary:hover { color: var(--accent) }
.gate summary code, .cause code, .facts code { color: var(--soft) }
.gate ul { padding: 0 0 .8rem 1rem }

@media (min-width: 62rem) {
  .counter { grid-template-columns: minmax(0, 1fr) 23rem; column-gap: 2rem; grid-template-rows: auto 1fr }
  .stage { grid-column: 1; grid-row: 1 }
  .shelf { grid-column: 1; grid-row: 2 }
  .receipt { grid-column: 2; grid-row: 1 / span 2; position: sticky; top: 1.25rem; max-height: calc(100vh - 2.5rem); overflow-y: auto }
}
@media (max-width: 61.99rem) {
  .category-keys { flex-wrap: nowrap; overflow-x: auto; margin-inline: calc(-1 * clamp(1rem, 4vw, 2.5rem)); padding: .3rem clamp(1rem, 4vw, 2.5rem) .6rem; scrollbar-width: thin }
  .category-keys li { flex: none }
}
@media (max-width: 61.99rem) and (min-height: 30rem) {
  .askbar { position: fixed; inset: auto 0 0 0; z-index: 5; padding: .7rem clamp(1rem, 4vw, 2.5rem) calc(.7rem + env(safe-area-inset-bottom)); background: var(--card); box-shadow: 0 -1px 0 var(--line), 0 -10px 24px -14px rgb(0 0 0 / .3) }
  main.wide { padding-bottom: 8rem }
  html:has(.askbar) { scroll-padding-bottom: 7rem }
}
@media (max-width: 30rem) {
  .product { min-height: 3.25rem; align-items: center }
  .card { border-radius: 1.1rem }
  .sessions label { grid-template-columns: auto 1fr }
  .places { grid-column: 2; margin: 0; text-align: left; font-weight: 600 }
  .sites legend { float: none; padding: 0 0 .4rem }
  .find { flex: 1 1 100% }
}

.hero { padding-block: clamp(1.5rem, 6vw, 4rem) 2rem }
.hero h1 { font-size: clamp(2.4rem, 1.6rem + 4vw, 4rem); max-width: 14em }
.hero p { font-size: 1.2rem; max-width: 36rem; margin-top: 1.25rem }
.ways { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 2rem; align-items: center }
.prose h2 { font-size: 1.6rem; margin: 2.75rem 0 .75rem }
.prose p + p { margin-top: .75rem }
.prose > p { max-width: 38rem }
.verbs { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 14rem), 1fr)); gap: 1.5rem; margin-top: 1rem }
.verbs h3 { font-size: 1.2rem; margin-bottom: .3rem }
.code { margin: .75rem 0; background: var(--card); border: 1px solid var(--line); border-radius: .9rem; overflow-x: auto }
pre { margin: 0; padding: 1.1rem 1.25rem; font: .875rem/1.55 var(--mono); width: max-content; min-width: 100% }
pre code { font: inherit; overflow-wrap: normal }

.reference > h1 { font-size: clamp(2.2rem, 1.6rem + 3vw, 3.2rem); margin-block: 1rem }
.reference > p { max-width: 38rem }
.reference > p + p { margin-top: .75rem }
.contents { margin-block: 2rem 1rem; display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); gap: 1.5rem 2rem }
.contents li a { display: block; padding-block: .3rem; text-decoration: none }
.contents li a:hover { text-decoration: underline }
.contents h2 { font-size: 1.1rem; text-transform: none }
.tag { margin-top: 3.5rem }
.tag > h2 { font-size: 2rem }
.tag-says { color: var(--soft); font-size: 1.1rem; margin-top: .25rem }
.endpoint { margin-top: 2rem; background: var(--card); border-radius: 1.4rem; padding: clamp(1.1rem, 3vw, 2rem); box-shadow: var(--shadow) }
.endpoint h3 { font-size: 1.5rem }
.endpoint h4, .endpoint summary { font: 600 1rem/1.4 var(--sans) }
.endpoint > h4 { margin-top: 1.5rem }
.endpoint > p { margin-top: .6rem; max-width: 38rem }
.route { font-family: var(--mono); font-size: .95rem; margin-top: .5rem; overflow-wrap: anywhere }
.method { display: inline-block; padding: .1rem .5rem; margin-right: .5rem; border-radius: .4rem; background: var(--tint); color: var(--tint-ink); font-weight: 600 }
.endpoint .code { background: var(--page) }
.fields { margin-top: .4rem }
.fields .fields { margin: .25rem 0 .5rem; padding-left: .9rem; border-left: 2px solid var(--line) }
.field { padding-block: .45rem }
.fields > .field + .field { border-top: 1px solid var(--line) }
.fields .fields > .field { border-top: 0; padding-block: .3rem }
.field-name { font: 600 .95rem/1.4 var(--mono); overflow-wrap: anywhere }
.field-type { color: var(--soft); font-size: .95rem }
.field-need { font-size: .85rem; font-weight: 600; color: var(--accent) }
.field-says { font-size: 1rem }
.field-limits { color: var(--soft); font-size: .9rem }
.problem { padding-block: 1.1rem; border-bottom: 1px solid var(--line) }
.problem:target { background: var(--tint); color: var(--tint-ink); border-radius: .9rem; padding-inline: 1rem; margin-inline: -1rem }
.problem:target .quiet { color: inherit }
.problem h3 { font: 600 1.05rem/1.4 var(--mono) }
.codes { display: flex; flex-wrap: wrap; gap: .1rem .9rem }
.codes a { padding-block: .2rem }
@media (prefers-reduced-motion: no-preference) {
  button, .top nav a, .sessions label { transition: background-color .15s, border-color .15s, color .15s }
}
@media (forced-colors: active) {
  button[aria-pressed="true"], .primary, .yes-key { forced-color-adjust: none; background: Highlight; color: HighlightText }
}
.signed-in { display: flex; align-items: center; gap: .6rem; margin-left: auto; font-size: .95rem; color: var(--soft); min-width: 0 }
.top nav ul { flex-wrap: wrap }
@media (max-width: 40rem) {
  .top nav { order: 1; width: 100% }
  .top nav ul { gap: 0; margin-inline: -.6rem }
  .top nav a { padding-inline: .6rem }
}
.sign-in { display: grid; gap: 1.1rem; justify-items: start; max-width: 38rem; margin-top: 1.5rem }
.sign-in .ways { margin-top: .5rem }
.sign-in-choices { display: grid; gap: .6rem; width: 100% }
.sign-in-choices button { width: 100%; justify-content: flex-start; text-align: left }
.browse { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) }
.browse-find { display: grid; gap: .4rem; max-width: 46rem }
.browse-find > label { font: 600 1.25rem/1.3 var(--serif) }
.browse-line { display: flex; gap: .5rem }
.browse-line input { min-height: 3.5rem; font-size: 1.2rem; border-radius: .9rem; flex: 1 1 auto; min-width: 0 }
.browse-line .primary { flex: none; padding-inline: 1.25rem }
.browse-site { display: flex; align-items: center; gap: .6rem; max-width: 20rem }
.browse-above { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .5rem 1.5rem }
.browse-understood { color: var(--soft); min-width: 0; overflow-wrap: anywhere }
.segments .segment[aria-current] { background: var(--tint); border-color: var(--accent); color: var(--tint-ink); font-weight: 600 }
.browse-cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); align-items: start }
.browse-card { display: grid; gap: .9rem; grid-template-columns: minmax(0, 1fr); padding: clamp(1.1rem, 3vw, 1.75rem); overflow-wrap: anywhere }
.browse-head { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1rem .9rem; align-items: baseline }
.browse-head h2 { font-size: 1.5rem }
.browse-walk { font-weight: 600; color: var(--accent); white-space: nowrap }
.browse-benefit .label, .browse-foot .label { display: block }
.browse-benefit { font-size: 1.1rem }
.browse-offer { display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr) }
.browse-offer h3 { font-size: 1.2rem }
.browse-price { font: 600 1rem/1.3 var(--sans); color: var(--accent); white-space: nowrap }
.browse-say { margin: 0; padding: .9rem 1.1rem }
.browse-opener { font: 500 1.35rem/1.25 var(--serif); margin-bottom: .35rem }
.browse-sessions { display: grid; gap: .5rem }
.browse-sessions li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .4rem .9rem; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .8rem }
.browse-sessions li.on-asked-day { border-color: var(--accent) }
.browse-sessions p { flex: 1 1 12rem; min-width: 0 }
.browse-sessions p .quiet { display: block; font-size: .95rem; line-height: 1.35 }
.browse-kept { display: grid; gap: .7rem; margin: 0 }
.browse-kept form { display: flex; flex-wrap: wrap; gap: .5rem 1rem }
.browse-kept .plain { color: inherit }
.browse-slip { margin-block: .5rem }
.browse-address { display: block }
.browse-other-days { font-weight: 600 }
.qr { display: block; width: min(100%, 11rem); margin: .5rem auto; background: #fff }
.browse-other > summary { font-weight: 500 }
.browse-foot { display: grid; gap: .75rem; padding-top: .9rem; border-top: 1px solid var(--line); font-size: 1rem }
.browse-people { display: grid; gap: .5rem }
.browse-people li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .3rem .9rem }
.browse-print { display: inline-flex; align-items: center; min-height: 2.75rem; justify-self: start }
.browse-empty { display: grid; gap: .9rem; justify-items: start; max-width: 38rem }
.browse-empty p a { display: inline-flex; align-items: center; min-height: 2.75rem }
.printed { display: grid; gap: .7rem; max-width: 26rem; margin-inline: auto }
.printed h1 { font-size: 1.6rem }
.printed-benefit { font: 500 1.25rem/1.3 var(--serif) }
.printed-where { display: grid; grid-template-columns: 7rem minmax(0, 1fr); gap: 1rem; align-items: center }
.printed-where span { display: block }
.printed-day { display: block; font-size: 1.15rem }
.printed-code { margin-top: .3rem; text-align: center; font-size: .9rem; line-height: 1.3 }
.printed-code strong { display: block; font: 600 1.1rem/1.3 var(--mono) }
.printed-where .qr { margin: 0 }
@media print {
  .not-printed, .browse-find, .skip { display: none }
  html:has(.printed) { background: #fff }
  .printed { width: 105mm; max-height: 148mm; padding: 8mm; box-shadow: none; break-inside: avoid; color: #000; background: #fff; font-size: 10pt }
  .printed .quiet, .printed .disclosure { color: #000 }
}
.desk { display: grid; gap: 1.25rem; grid-template-columns: minmax(0, 1fr); overflow-wrap: anywhere }
.desk-ways ul { display: flex; flex-wrap: wrap; gap: .4rem }
.desk .segment[aria-current] { background: var(--tint); border-color: var(--accent); color: var(--tint-ink); font-weight: 600; box-shadow: inset 0 0 0 1px var(--accent) }
.desk .card { padding: clamp(1.1rem, 3vw, 1.75rem) }
.desk section.card > h2, .desk-session > h1 { font-size: 1.5rem; margin-bottom: .6rem }
.desk section > h2:not(.display) { font-size: 1.6rem }
.desk mark { background: none; color: inherit; font-weight: 600; text-decoration: underline wavy }
.desk textarea { width: 100%; font: inherit; color: inherit; padding: .55rem .8rem; border: 1px solid var(--edge); border-radius: .7rem; background: var(--card); resize: vertical }
.desk input[type="checkbox"] { accent-color: var(--accent); width: 1.4rem; height: 1.4rem; min-height: 0; margin: 0; flex: none; padding: 0 }
.desk input[aria-invalid], .desk textarea[aria-invalid] { border-color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad) }
.desk-find form { max-width: 30rem }
.desk .desk-give { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .6rem 1.5rem; padding-block: 1rem }
.desk section.desk-give > h2 { font-size: 1.25rem; margin: 0 }
.needs { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr) }
.needs { margin-block: .5rem .75rem }
.needs > .display { font-size: clamp(1.7rem, 1.3rem + 1.6vw, 2.3rem) }
.needs .intros { grid-template-columns: repeat(auto-fit, minmax(min(100%, 23rem), 1fr)) }
.needs-others { display: grid; gap: .75rem }
.needs-others li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .6rem 1.5rem }
.needs-others p { flex: 1 1 16rem }
.intros { display: grid; gap: .9rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); align-items: start }
.desk .intro { display: grid; gap: .5rem; grid-template-columns: minmax(0, 1fr) }
.intro-head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .1rem 1rem }
.intro-head h3 { font-size: 1.25rem }
.intro-code { font: 600 1.05rem/1.4 var(--mono); letter-spacing: .04em; white-space: nowrap }
.intro-state { font-weight: 600; color: var(--accent) }
.intro-late { font-weight: 600; color: var(--bad) }
.intro-late .quiet { font-weight: 400 }
.intro .tap-row { margin-top: .35rem }
.intro-more { display: flex; flex-wrap: wrap; align-items: center; gap: 0 1.25rem }
.intro-more .fold[open] { flex-basis: 100% }
.intro-more .plain { padding-inline: .15rem }
.desk-filters { margin-block: .75rem 1rem }
.desk-more { margin-top: 1rem }
.desk-found { display: grid; gap: .6rem; grid-template-columns: minmax(0, 1fr) }
.desk-inline { display: flex; flex-wrap: wrap; align-items: end; gap: .75rem; padding-block: .4rem .6rem }
.desk-inline .form-field { flex: 1 1 12rem }
.desk-form { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); align-items: start; padding-block: .75rem 1rem }
.desk-form > button { align-self: end; justify-self: start }
.desk-form h2 { font-size: 1.3rem; margin-top: .5rem }
.desk-whole { grid-column: 1 / -1 }
.desk-name, .desk legend { font-weight: 500 }
.desk-checks { display: flex; flex-wrap: wrap; gap: 0 1.5rem }
.desk-checks label, .desk-check { display: inline-flex; align-items: center; gap: .6rem; min-height: 2.75rem; font-weight: 400 }
.desk-rows > li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .1rem 1.25rem; min-height: 2.75rem; padding-block: .35rem; border-bottom: 1px solid var(--line) }
.desk-rows > li:last-child, .desk-lines > li:last-child, .desk-sessions > li:last-child { border-bottom: 0 }
.desk-link { display: inline-flex; align-items: center; min-width: 2.75rem; min-height: 2.75rem }
.desk-under { display: block; font-size: .95rem; line-height: 1.4; font-weight: 400 }
.desk-lines > li { padding-block: .6rem; border-bottom: 1px solid var(--line) }
.desk-entry { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .1rem 1.5rem }
.desk-sum { font: 600 1.35rem/1.3 var(--serif) }
.desk-sessions > li { display: grid; grid-template-columns: minmax(0, 1fr) auto auto; align-items: center; gap: .2rem 1rem; padding-block: .5rem; border-bottom: 1px solid var(--line) }
.desk-sessions .is-over strong { text-decoration: line-through; color: var(--soft) }
.desk-codes { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin-block: .25rem .75rem }
.desk-session { display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr) }
.desk-session > .note { margin-block: 0 }
.desk legend { padding: 0 }
.desk-session .say { margin-block: .25rem }
.desk-no { border-color: var(--bad); color: var(--bad); font-weight: 600 }
.desk-no:hover { background: var(--bad-tint); border-color: var(--bad); color: var(--bad) }
.desk-terms > div { display: grid; gap: .1rem 1.5rem; padding-block: .6rem; border-bottom: 1px solid var(--line) }
.desk-terms > div:last-child { border-bottom: 0 }
.desk-terms dt { color: var(--soft); font-weight: 500 }
.desk-changes { display: grid; gap: .6rem; margin-bottom: .75rem }
.desk-changes s { color: var(--soft) }
.desk-code { text-align: center; justify-items: center }
.desk-code .slip-code { margin-block: .25rem; font-size: clamp(2.2rem, 1.4rem + 5vw, 3.2rem); white-space: nowrap }
.desk-code .qr { width: min(100%, 15rem) }
.slip .qr { width: 8.5rem; margin-block: .25rem }
@media (min-width: 40rem) { .desk-terms > div { grid-template-columns: 13rem minmax(0, 1fr) } }
@media (max-width: 40rem) {
  .desk-sessions > li { grid-template-columns: minmax(0, 1fr) auto }
  .desk-sessions .places { grid-column: 1; margin: 0; text-align: left }
  .desk-sessions .small-key { grid-column: 2; grid-row: 1 / span 2 }
}
@media print {
  .desk-ways { display: none }
  .desk-statement { box-shadow: none; color: #000; background: #fff; padding: 0 }
  .desk-statement .quiet { color: #000 }
}
textarea { width: 100%; padding: .6rem .8rem; border: 1px solid var(--edge); border-radius: .7rem; background: var(--card); color: inherit; font: inherit; resize: vertical; field-sizing: content; min-height: 2.75rem }
input[type="checkbox"] { width: 1.4rem; height: 1.4rem; min-height: 0; flex: none; margin: 0; accent-color: var(--accent) }
[aria-invalid="true"] { border-color: var(--bad); box-shadow: inset 0 0 0 1px var(--bad) }
.owner { display: grid; gap: clamp(1.5rem, 3vw, 2.25rem); grid-template-columns: minmax(0, 1fr) }
.owner-head { display: grid; gap: .6rem; padding-top: .5rem }
.owner-head > p:first-child > a { display: inline-flex; align-items: center; min-height: 2.75rem }
.owner-lead { font-size: 1.1rem; max-width: 38rem }
.owner-ways ul { display: flex; flex-wrap: wrap; gap: 0 .25rem }
.owner-ways > nav:first-child { border-bottom: 1px solid var(--line) }
.owner-ways a { display: inline-flex; align-items: center; min-height: 2.75rem; padding: 0 .9rem; margin-bottom: -1px; color: var(--soft); text-decoration: none; border-bottom: .18rem solid transparent }
.owner-ways > nav li:first-child a { padding-left: 0; margin-right: .2rem }
.owner-ways a:hover { color: var(--ink) }
.owner-ways a[aria-current] { color: var(--ink); font-weight: 600 }
.owner-ways > nav:first-child a[aria-current] { border-color: var(--accent) }
.owner-within a { font-size: .9375rem }
.owner-within a[aria-current] { text-decoration: underline; text-underline-offset: .35em; text-decoration-thickness: .1em }
.owner-section { display: grid; gap: .9rem; grid-template-columns: minmax(0, 1fr) }
.owner-section > h2 { font-size: 1.6rem }
.owner-section > p { max-width: 42rem }
.owner .note, .owner-section .ways { margin-block: 0 }
.owner-keys { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center }
.owner-card { padding: clamp(1.1rem, 2.5vw, 1.6rem); display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr); align-content: start }
.owner-card h2 { font-size: 1.4rem } .owner-card > h3 { font-size: 1.2rem }
.owner-waiting { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); align-items: start }
.owner-waiting h3 { display: flex; justify-content: space-between; gap: 1rem }
.urgent-3 { border-top: .25rem solid var(--bad) }
.urgent-2 { border-top: .25rem solid var(--accent) }
.urgent-1 { border-top: .25rem solid var(--line) }
.owner-alerts, .owner-list { display: grid }
.owner-alerts li, .owner-list li { display: grid; gap: .1rem; padding-block: .65rem; border-bottom: 1px solid var(--line) }
.owner-alerts li:last-child, .owner-list li:last-child { border-bottom: 0 }
.owner-alerts a, .owner-list > li > a { font-weight: 600; display: inline-flex; align-items: center; min-height: 1.75rem; justify-self: start }
.owner-list form { margin-top: .4rem }
.owner-list .check { padding-left: 1.5rem; position: relative }
.owner-people li { grid-template-columns: minmax(0, 1fr) auto; column-gap: 1rem; align-items: center }
.owner-people li > * { grid-column: 1 } .owner-people form { grid-column: 2; grid-row: 1 / span 3; margin: 0 }
.owner-contacts { display: flex; flex-wrap: wrap; gap: 0 1.25rem }
.owner-contacts a { display: inline-flex; align-items: center; min-height: 2.75rem }
.owner-stack { display: grid; gap: clamp(1.5rem, 3vw, 2.5rem) }
.owner-two { display: grid; gap: clamp(1.5rem, 3vw, 2.5rem); grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); align-items: start }
.owner-sessions h3 { font-size: 1.15rem; margin-bottom: .3rem }
.owner-filter { gap: .4rem }
.state { display: inline-block; padding: .05rem .65rem; border: 1px solid var(--edge); border-radius: 999px; font-size: .9rem; font-weight: 600; white-space: nowrap }
.state-live, .state-good { background: var(--tint); color: var(--tint-ink); border-color: transparent }
.state-bad { background: var(--bad-tint); color: var(--bad); border-color: transparent }
.state-watch { border-color: var(--accent); color: var(--accent) }
.state-draft, .state-unknown { border-style: dashed }
.state-ended, .state-declined, .state-expired { color: var(--soft) }
.is-bad { color: var(--bad) }
.owner-table { width: 100%; border-collapse: collapse; background: var(--card); border-radius: 1.1rem; box-shadow: var(--shadow); font-size: 1rem }
.owner-table th, .owner-table td { text-align: left; padding: .7rem .9rem; vertical-align: top; border-bottom: 1px solid var(--line) }
.owner-table tbody tr:last-child > * { border-bottom: 0 }
.owner-table thead th { font: 600 .8125rem/1.4 var(--sans); color: var(--soft) }
.owner-table tbody th { font-weight: 600; min-width: 9rem }
.owner-table a { display: inline-block }
.owner-table .number { font-variant-numeric: tabular-nums }
.owner-table .owner-date { white-space: nowrap }
.owner-health > span { display: block }
.owner-parts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)) }
.owner-part { padding: 1.1rem 1.25rem; display: grid; gap: .35rem; align-content: start; border-left: .25rem solid var(--line) }
.part-good { border-left-color: var(--accent) } .part-bad { border-left-color: var(--bad) }
.part-watch { border-left-style: double; border-left-width: .4rem; border-left-color: var(--accent) }
.owner-value { font: 600 1.2rem/1.3 var(--serif) } .owner-value::first-letter, .owner-differences dt::first-letter { text-transform: uppercase }
.owner-part .quiet { font-size: .95rem }
.owner-terms, .owner-differences { display: grid; gap: 0 }
.owner-terms > div, .owner-differences > div { display: grid; gap: .1rem 1.25rem; grid-template-columns: minmax(0, 12rem) minmax(0, 1fr); padding-block: .5rem; border-bottom: 1px solid var(--line) }
.owner-terms > div:last-child, .owner-differences > div:last-child { border-bottom: 0 }
.owner-terms dt, .owner-differences dt { color: var(--soft) }
.owner-differences del { color: var(--soft) } .owner-differences ins { text-decoration: none; font-weight: 600 }
.owner-versions { display: grid; gap: 1.5rem; padding-top: .75rem }
.owner-versions h3 { font-size: 1.1rem } .owner-versions h3 .quiet { font: 400 1rem/1.4 var(--sans) }
.owner-would { display: grid; gap: .6rem } .owner-would h3 { font-size: 1.15rem }
.owner-time { display: grid; gap: .25rem }
.owner-axis { display: grid; grid-template-columns: repeat(9, minmax(0, 1fr)); font-size: .8125rem; color: var(--soft); padding-left: 20rem }
.owner-time li { display: grid; grid-template-columns: 20rem minmax(0, 1fr); align-items: center; border-bottom: 1px solid var(--line) }
.owner-time li p { padding-block: .5rem; padding-right: 1rem; line-height: 1.35 }
.owner-time li p a { font-weight: 600 } .owner-time li .quiet { display: block; font-size: .9rem }
.owner-time svg { display: block; width: 100%; height: 100%; min-height: 2rem }
.time-quarter { stroke: var(--line); stroke-width: 1; vector-effect: non-scaling-stroke }
.time-today { stroke: var(--bad); stroke-width: 2; vector-effect: non-scaling-stroke }
.time-live { fill: var(--accent) } .time-other { fill: var(--edge) }
.owner-form { display: grid; gap: 1.5rem; grid-template-columns: minmax(0, 1fr) }
.owner-group { min-width: 0; background: var(--card); border-radius: 1.4rem; box-shadow: var(--shadow); padding: clamp(1.1rem, 2.5vw, 1.75rem) }
.owner-group > legend { float: left; width: 100%; padding: 0; font: 600 1.3rem/1.2 var(--serif); margin-bottom: .35rem }
.owner-group > * { clear: both }
.owner-group-says { margin-bottom: .5rem }
.owner-fields { display: grid; gap: 1.1rem 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr)); align-items: start; padding-top: .5rem }
.owner .form-field:has(textarea), .owner-row, .owner-ticks { grid-column: 1 / -1 }
.owner-row { display: grid; gap: .75rem 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 11rem), 1fr)); padding-bottom: 1.1rem; border-bottom: 1px solid var(--line); align-items: start }
.owner-row:last-child { border-bottom: 0; padding-bottom: 0 }
.owner-errors { margin-top: .5rem; display: grid; gap: .2rem }
.owner-errors a { display: inline-flex; align-items: center; min-height: 1.75rem }
.owner-tick { display: flex; align-items: center; gap: .7rem; min-height: 2.75rem; font-weight: 400; cursor: pointer }
.owner-ticks legend { font-weight: 500; padding: 0 }
.owner-end > summary { list-style: none } .owner-end > summary::-webkit-details-marker { display: none }
.owner-end[open] { flex-basis: 100%; display: grid; gap: .6rem; justify-items: start }
.owner-check > summary { min-height: 2.75rem; display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: center; cursor: pointer }
.owner-check { display: block } .owner-check[open] > summary { margin-bottom: .75rem }
.owner-csv { font: .875rem/1.5 var(--mono); field-sizing: fixed }
.owner-total { display: flex; justify-content: space-between; gap: 1rem; font-size: 1.25rem; padding: 1rem .9rem; border-top: 2px solid var(--ink) }
.owner-total strong { font-variant-numeric: tabular-nums }
@media (max-width: 56rem) {
  .owner-axis { display: none }
  .owner-time li { grid-template-columns: minmax(0, 1fr); padding-bottom: .5rem }
  .owner-time li p { padding-bottom: .1rem } .owner-time svg { min-height: 0; height: 1.5rem }
}
@media (max-width: 40rem) {
  .owner-table, .owner-table tbody, .owner-table tr, .owner-table td, .owner-table tbody th { display: block; min-width: 0 }
  .owner-table { background: none; box-shadow: none }
  .owner-table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
  .owner-table tr { background: var(--card); border-radius: 1.1rem; box-shadow: var(--shadow); padding: .9rem 1.1rem; margin-bottom: .75rem }
  .owner-table tbody th { padding: 0; border: 0; font-size: 1.1rem }
  .owner-table tr { display: grid; grid-template-columns: repeat(auto-fit, minmax(5.5rem, 1fr)); gap: .5rem 1rem }
  .owner-table tbody th, .owner-table .owner-whole { grid-column: 1 / -1 }
  .owner-table td { padding: 0; border: 0 }
  .owner-table .owner-date { white-space: normal }
  .owner-table td::before { content: attr(data-label); display: block; color: var(--soft); font-size: .875rem; line-height: 1.35 }
  .owner-ways > nav:first-child ul { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)) } .owner-ways a { padding: 0 .6rem 0 0 }
  .owner-terms > div, .owner-differences > div { grid-template-columns: minmax(0, 1fr) }
  .owner-keys .primary { width: 100% }
}
@media print {
  .owner-ways, .not-printed { display: none }
  .owner-statement .owner-table { box-shadow: none; background: none }
  .owner-statement, .owner-statement .quiet { color: #000 }
}
.chart { margin: 0; display: grid; gap: .6rem; max-width: 44rem; background: var(--card); border-radius: 1.4rem; box-shadow: var(--shadow); padding: clamp(1rem, 2.5vw, 1.5rem) }
.chart figcaption { display: grid; gap: .2rem } .chart figcaption strong { font: 600 1.15rem/1.25 var(--serif) }
.chart svg { display: block; width: 100%; height: auto }
.chart-text { font: 400 13px var(--sans); fill: var(--soft); stroke: var(--card); stroke-width: 6px; stroke-linejoin: round; paint-order: stroke }
/* The picture shrinks with the window, its words do not. */
@media (max-width: 36rem) { .chart-text { font-size: 17px } }
.chart-level { stroke: var(--line); stroke-width: 1 } .chart-reference { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 5 4 }
.chart-band { fill: var(--accent); opacity: .18 } .chart-line { fill: none; stroke: var(--accent); stroke-width: 2.5; stroke-linejoin: round }
.chart-dot, .chart-bar { fill: var(--accent) } .chart-whisker { stroke: var(--accent); stroke-width: 3; stroke-linecap: round; opacity: .55 }
.chart summary { min-height: 2.75rem; display: inline-flex; align-items: center; gap: .4rem; cursor: pointer; color: var(--accent); font-weight: 600; text-decoration: underline; text-underline-offset: .2em; list-style: none }
.chart summary::-webkit-details-marker { display: none }
.chart summary::before { content: "▸" / ""; width: 1ch; text-decoration: none; display: inline-block } .chart details[open] > summary::before { content: "▾" / "" }
.chart-table { width: 100%; font-variant-numeric: tabular-nums } .chart-table :is(th, td) { text-align: left; padding: .3rem .5rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: 400 }
.chart-table thead th { font-weight: 600 }
.lift-pictures { display: grid; gap: 1.25rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); align-items: start }
.lift-says { display: block; font-weight: 400; font-size: .95rem; max-width: 34rem }
.lift-tag { display: inline-block; border: 1px solid var(--edge); border-radius: 1rem; padding: .05rem .7rem; font-size: .9rem; white-space: nowrap }
.lift-caused { background: var(--accent); border-color: var(--accent); color: var(--on-accent) } .lift-counted { background: var(--tint); border-color: var(--tint); color: var(--tint-ink) } .lift-assumed { border-style: dashed }
.lift-tags { display: grid; gap: .4rem; margin: 0 } .lift-tags > div { display: flex; flex-wrap: wrap; gap: .2rem .7rem } .lift-tags dd { margin: 0; color: var(--soft) }
.her-card, .about { display: grid; gap: 1rem; grid-template-columns: minmax(0, 1fr); overflow-wrap: anywhere; padding-top: .5rem }
.card-search { display: grid; gap: 1rem; max-width: 38rem; padding-top: .5rem }
.her-ref { margin-left: 0 } .her-card .note, .about .note { margin-block: 0 }
.her-card > .card, .about > .card { padding: clamp(1.1rem, 3vw, 1.75rem); display: grid; gap: .75rem; grid-template-columns: minmax(0, 1fr) }
.her-card .card > h2, .about .card > h2 { font-size: 1.4rem }
.her-line { font: 500 1.3rem/1.3 var(--serif) }
.her-avoid .label { color: inherit; margin-bottom: .2rem }
.her-say { margin: 0; padding: .9rem 1.1rem } .her-reasons { font-size: 1.05rem }
.her-lines > li, .about-lines > li { padding-block: .6rem; border-bottom: 1px solid var(--line) }
.her-lines > li:last-child, .about-lines > li:last-child { border-bottom: 0; padding-bottom: 0 }
.her-delicate { display: block; color: var(--bad); font-weight: 600; font-size: .95rem } .her-under { display: block }
.her-card .ways { margin-top: .5rem }
.about { font-size: 1.1875rem } .about-head { display: grid; gap: .75rem; max-width: 40rem }
.about .quiet { font-size: 1.0625rem } .about .card p { max-width: 40rem }
.about-lines > li { display: grid; gap: .5rem 1.5rem; align-items: center }
@media (min-width: 48rem) { .about-lines > li { grid-template-columns: minmax(0, 1fr) auto } .about-switch { width: 17rem } }
.about-taps { display: flex; flex-wrap: wrap; gap: .5rem }
.about-switch { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem 1rem }
.about-switch button { min-width: 5.75rem; border-radius: 999px; justify-content: space-between; gap: .6rem; padding-inline: .45rem 1.1rem; font-weight: 600 }
.about-switch button::before { content: ""; width: 1.75rem; height: 1.75rem; border-radius: 50%; background: var(--edge); flex: none }
.about-switch [aria-checked="true"] { background: var(--accent); border-color: var(--accent); color: var(--on-accent); flex-direction: row-reverse; padding-inline: 1.1rem .45rem }
.about-switch [aria-checked="true"]::before { background: var(--on-accent) }
.about-switch [aria-checked="true"]:hover { background: var(--accent-deep); color: var(--on-accent) }
.about .ways { margin-top: 0 } .about-end { border: 1px solid var(--line); box-shadow: none }
.about-end form, .about form:has(> p) { display: grid; gap: .75rem; justify-items: start }
.about-link { text-align: center; justify-items: center } .about-link .qr { width: min(100%, 15rem) } .about-url { font-size: .95rem; overflow-wrap: anywhere }
@media print { .about > .card { box-shadow: none; padding: 0; break-inside: avoid } .about, .about .quiet { color: #000; font-size: 12pt } .about-switch button { border: 0 } .about details { display: block } }
.answer-keys { display: grid; gap: .6rem; grid-template-columns: repeat(auto-fit, minmax(7rem, 1fr)) }
.answer-key { min-height: 3.5rem; font-size: 1.15rem; font-weight: 600 }
.question-page { display: grid; gap: 1.25rem; max-width: 34rem; margin-inline: auto } .question-page .answer-keys { grid-template-columns: repeat(3, minmax(0, 1fr)) } .question-page .answer-key { min-height: 4.5rem; font-size: 1.35rem; padding-inline: .4rem } .outcomes + .question { margin-top: 1.25rem }
.note-goals { display: flex; flex-wrap: wrap; gap: .5rem; margin-bottom: 1rem } .note-form { display: grid; gap: .75rem 1rem; grid-template-columns: minmax(0, 1fr); align-items: end } .note-words { display: grid; gap: .4rem } .note-words input, .note-form select { width: 100% }
.note-how input { width: 1.6rem; height: 1.6rem } .note-how { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem } .note-how label { display: inline-flex; gap: .6rem; align-items: center; min-height: 2.75rem; cursor: pointer }
.note-problems { display: grid; gap: .3rem; margin-top: .3rem }
@media (min-width: 48rem) { .note-form { grid-template-columns: minmax(0, 1fr) auto auto } .note-form:has(select) { grid-template-columns: minmax(0, 1fr) minmax(0, 14rem) } }
.policy-part { border-bottom: 1px solid var(--line); padding-bottom: .25rem }
.policy-part > .policy-part:last-child { border: 0 }
.policy-part > summary::before { content: "▸" / ""; color: var(--accent); width: 1ch } .policy-part[open] > summary::before { content: "▾" / "" }
.depth-1, .depth-2, .depth-3 { display: inline-block; padding-inline-start: 1rem } .depth-2 { padding-inline-start: 2rem } .depth-3 { padding-inline-start: 3rem }
@media print { .top, .askbar, .shelf, .fold { display: none } }
`
export const STYLE_PATH = `/assets/${digest(STYLE)}.css`
