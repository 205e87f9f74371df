"""Custom rules: a user's own derivative for a function, and functions that hide theirs.

    custom_jvp      you write how a tangent goes through; reverse mode transposes it
    custom_vjp      you write how a cotangent comes back; forward mode transposes it
    primitive       you declare the value and the local Jacobian, as the module's own rules do
    stop_gradient   a value that counts as a constant

Whichever side is given, the other is found by transposing a linear function: a rule is linear in its tangent (or
cotangent), so the pullback of the rule itself is its transpose, at whatever point it is taken.
"""
