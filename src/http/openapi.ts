/** The head of the OpenAPI document. */
export const OPENAPI = {
  openapi: '3.1.0',
  info: {
    title: 'Encore',
    version: '1.0.0',
    description:
      'Beside the till: send the basket, get the one next offer this customer would thank us for, with the words to say, the reason, and proof that the shop can keep the promise. Or silence, with a reason. Three verbs, one id: decide, say what happened, tell us what was sold.',
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'till', description: 'The three verbs. A till needs nothing else.' },
    { name: 'customer', description: 'What she told us and allows.' },
    { name: 'shop', description: 'For shop systems, managers and measuring.' },
    { name: 'running', description: 'For whoever runs it.' },
  ],
}
