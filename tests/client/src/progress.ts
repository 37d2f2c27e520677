// What the tests ask for beside the example that README.md shows.

import { graphql } from "../generated/index.js";

export const Progress = graphql(`
  subscription Progress($id: ID!) {
    roundProgress(id: $id) {
      roundId
      closed
      subjects
    }
  }
`);

export const FirstRound = graphql(`
  query FirstRound {
    rounds(first: 1) {
      nodes {
        id
      }
    }
  }
`);
