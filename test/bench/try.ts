import { LARGE, SMALL, sizedShop } from './sized-shop.ts'

const p = await sizedShop(process.argv[2] === 'large' ? LARGE : SMALL)
console.log(p)
