// Fragments, pages and refetching as Relay writes them; only compiled.

import { graphql } from "relay-runtime";

export const page = graphql`
  fragment listPage on Query
  @refetchable(queryName: "listPageQuery")
  @argumentDefinitions(first: { type: "Int", defaultValue: 10 }, after: { type: "String" }) {
    rounds(first: $first, after: $after) @connection(key: "list_rounds") {
      edges {
        node {
          id
          ...listRound
        }
      }
    }
  }
`;

export const round = graphql`
  fragment listRound on Round @refetchable(queryName: "listRoundQuery") {
    code
    state
  }
`;

export const query = graphql`
  query listQuery {
    ...listPage
  }
`;

export const open = graphql`
  mutation listOpenMutation($input: SessionOpenInput!) {
    sessionOpen(input: $input) {
      session {
        accessToken
      }
      refusals {
        code
        path
        message
      }
    }
  }
`;
