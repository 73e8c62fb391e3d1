"""What is asked of GitHub's GraphQL API."""

from __future__ import annotations

from typing import Final

_ACTOR: Final = """
fragment Who on Actor {
  __typename
  login
  ... on User { databaseId }
  ... on Bot { databaseId }
}
"""

_REMARK: Final = f"""{_ACTOR}
fragment Remark on PullRequestReviewComment {{
  fullDatabaseId
  state
  body
  url
  createdAt
  lastEditedAt
  author {{ ...Who }}
  editor {{ ...Who }}
  originalCommit {{ oid }}
}}
"""

VIEWER: Final = "query { viewer { login databaseId } }"

COMMENTS: Final = f"""{_ACTOR}
query Comments($owner: String!, $name: String!, $number: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      comments(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          fullDatabaseId
          body
          url
          createdAt
          lastEditedAt
          author {{ ...Who }}
          editor {{ ...Who }}
                }}
      }}
    }}
  }}
}}
"""

REVIEWS: Final = f"""{_ACTOR}
query Reviews($owner: String!, $name: String!, $number: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      reviews(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          fullDatabaseId
          state
          body
          url
          createdAt
          lastEditedAt
          author {{ ...Who }}
          editor {{ ...Who }}
        }}
      }}
    }}
  }}
}}
"""

ISSUE: Final = f"""{_ACTOR}
query Issue($owner: String!, $name: String!, $number: Int!) {{
  repository(owner: $owner, name: $name) {{
    issue(number: $number) {{
      number
      title
      body
      author {{ ...Who }}
      editor {{ ...Who }}
      lastEditedAt
      userContentEdits(first: 100) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ editor {{ ...Who }} }}
      }}
    }}
  }}
}}
"""

THREADS: Final = f"""{_REMARK}
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      reviewThreads(first: 50, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{
          id
          path
          line
          startLine
          diffSide
          isOutdated
          isResolved
          comments(first: 50) {{
            pageInfo {{ hasNextPage endCursor }}
            nodes {{ ...Remark }}
          }}
        }}
      }}
    }}
  }}
}}
"""

MORE_REMARKS: Final = f"""{_REMARK}
query Remarks($thread: ID!, $after: String) {{
  node(id: $thread) {{
    ... on PullRequestReviewThread {{
      comments(first: 100, after: $after) {{
        pageInfo {{ hasNextPage endCursor }}
        nodes {{ ...Remark }}
      }}
    }}
  }}
}}
"""

RESOLVE: Final = """mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}"""

REOPEN: Final = """mutation Reopen($thread: ID!) {
  unresolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}"""

RESOLVABLE: Final = """query Resolvable($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100) { nodes { isResolved viewerCanResolve viewerCanUnresolve } }
    }
  }
}"""
