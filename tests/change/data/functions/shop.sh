#!/bin/bash
# Sells things.
set -euo pipefail

rate=1

# Adds up.
total() {
  local sum=0
  for item in "$@"; do
    if [ "$item" -gt 0 ]; then
      sum=$((sum + item))
    elif [ "$item" -lt 0 ]; then
      sum=$((sum - item))
    else
      continue
    fi
  done
  echo "$sum" \
    | cat
}

function pay {
  case "$1" in
    card)
      card_pay
      ;;
    *) exit 1 ;;
  esac
  cat <<EOF
text

more
EOF
}

total 1 2 3
pay card
