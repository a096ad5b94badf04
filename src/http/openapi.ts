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
    { name: 'alliance', description: 'Partners, what was agreed with them, and finding them for a family.' },
    { name: 'offer', description: 'What may be said, and the words for it.' },
    { name: 'place', description: 'Sessions, places kept, who waits.' },
    { name: 'referral', description: 'Introductions, ours and theirs, and what became of them.' },
    { name: 'ledger', description: 'What was given and taken, statements, disputes.' },
    { name: 'people', description: 'Who is signed in, and who did what.' },
    { name: 'webhook', description: 'Events that go out.' },
    { name: 'poll', description: 'A question to many, its go rule, and what came of it.' },
    { name: 'shop', description: 'For shop systems, managers and measuring.' },
    { name: 'policy', description: 'Every weight and floor of deciding: tried, previewed, put in force.' },
    { name: 'running', description: 'For whoever runs it.' },
  ],
}
