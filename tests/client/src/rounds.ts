import { Client, fetchExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { graphql } from "../generated/index.js";

const Rounds = graphql(`
  query Rounds($first: Int!) {
    rounds(first: $first) {
      nodes {
        code
        nameEn
        state
      }
    }
  }
`);

/** The rounds that the bearer of a token may see. */
export async function listRounds(origin: string, token: string) {
  const client = new Client({
    url: `${origin}/graphql`,
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
    exchanges: [
      persistedExchange({
        preferGetForPersistedQueries: true,
        enforcePersistedQueries: true,
        generateHash: async (_, document) => (document as { __meta__?: { hash: string } }).__meta__!.hash,
      }),
      fetchExchange,
    ],
    preferGetMethod: true,
  });
  const { data, error } = await client.query(Rounds, { first: 10 });
  if (!data) throw error;
  return data.rounds.nodes;
}
