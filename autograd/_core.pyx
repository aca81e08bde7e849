# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, annotation_typing=False
"""The compiled twin of value.py: the same semantics, the same bits, the same errors.

A node is two numbers, its operands, its row, its label, a mark and an opcode: 96 bytes.  An opcode is the short
cut of one of the hottest rows, and a test holds each to its row, bit for bit; every other row goes through the
table.  What is not hot is the plain class's own method, taken over at the end of this file.

a, b, all  the operands: a, or a and b; where they are more, a tuple of all
count      how many: 0, 1, 2 or MANY
code       the short cut: LITERAL … SUMPROD; TABLE_ROW where there is none; LEAF for what the user made
mark       the epoch of the last backward() that met the node, one more where a contribution reached it

No Python code runs between the moment a node is emptied and the moment it is dropped, or while a walk has
pointers without references of their own.  Where that cannot be had, the walk owns what it points to.
"""

cimport cython
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.list cimport PyList_GET_ITEM, PyList_GET_SIZE
from cpython.long cimport PyLong_AsDouble
from cpython.object cimport PyObject, PyTypeObject, PyObject_TypeCheck
from cpython.ref cimport Py_DECREF, Py_INCREF, Py_XDECREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_New, PyTuple_SET_ITEM
from libc.math cimport INFINITY, NAN, copysign, exp as c_exp, fabs, isfinite, log as c_log, pow as c_pow, tanh as c_tanh
from libc.stdint cimport uint64_t
from libc.stdlib cimport free, realloc

from . import recording, value as plain
from .errors import AutogradTypeError, AutogradValueError
from .ops import TABLE

cdef extern from "Python.h":
    Py_ssize_t Py_REFCNT(PyObject*)
    void PyObject_GC_UnTrack(void*)

cdef extern from "float.h":
    int FLT_EVAL_METHOD

if FLT_EVAL_METHOD != 0:  # an x87 keeps more digits than a double has: other bits than Python's
    raise ImportError("on this machine C does not calculate in doubles")


# --- opcodes --------------------------------------------------------------------------------------

cdef enum: LEAF, LITERAL, ADD, SUB, MUL, DIV, POW, NEG, EXP, LOG, RELU, TANH, SIGMOID, SUMPROD, TABLE_ROW
cdef enum: MANY = 3
cdef int[15] OPERANDS = [0, 0, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, MANY, -1]

cdef list ROWS = [None, *[TABLE[name] for name in (
    "literal", "add", "sub", "mul", "div", "pow", "neg", "exp", "log", "relu", "tanh", "sigmoid", "sumprod")]]
cdef dict CODES = {row: code for code, row in enumerate(ROWS) if code != LEAF}
cdef object R_ADD = ROWS[ADD], R_SUB = ROWS[SUB], R_MUL = ROWS[MUL], R_DIV = ROWS[DIV], R_POW = ROWS[POW]
cdef object R_NEG = ROWS[NEG], R_SUMPROD = ROWS[SUMPROD]

cdef list RULES = [None if row is None else row.rule for row in ROWS]
cdef list attending = recording.attending
cdef object attend = recording.attend, assigned = recording.assigned
cdef object watcher_here = recording.watcher, number = recording.number


cdef bint replaced() except -1:
    """Whether somebody gave a hot row another rule, as tests do; then none of them takes its short cut backward."""
    cdef int code
    for code in range(ADD, TABLE_ROW):
        if ROWS[code].rule is not RULES[code]:
            return True
    return False


# --- the hottest rows on C doubles: the formulas of autograd/reals, letter by letter -----------------

cdef inline double div(double x, double y) noexcept nogil:
    if y == 0.0:
        return NAN if x == 0.0 or x != x else copysign(INFINITY, x) * copysign(1.0, y)
    return x / y


cdef inline double div_slope(double x, double y) noexcept nogil:
    cdef double quotient = div(x, y)
    if -1e-290 < quotient < 1e-290:
        return -div(div(x * 2.0**600, y), y) * 2.0**-600
    return -div(quotient, y)


cdef inline bint easy(double power) noexcept nogil:
    """Whether a power is so far from under- and overflow that its slopes are what the textbook says."""
    return 1e-290 < fabs(power) < 1e290


cdef inline bint pow_slopes(double x, double y, double* dx, double* dy) noexcept nogil:
    """The easy cases of pow_dx and pow_dy; False: ask the table."""
    cdef double below = y - 1.0, power = c_pow(x, y)
    if x == 0.0 or not easy(power) or power < 0.0:  # survives: who asks the table more often is right too
        return False
    dy[0] = power * (c_log(x) if x > 0.0 else NAN)
    if y == 2.0:
        dx[0] = 2.0 * x
        return True
    power = c_pow(x, below)
    dx[0] = y * power
    return below + 1.0 == y and y - below == 1.0 and easy(power)


cdef inline double log(double x) noexcept nogil:
    return c_log(x) if x > 0 else -INFINITY if x == 0 else NAN


cdef inline double log_slope(double x) noexcept nogil:
    return 1.0 / x if x > 0 else INFINITY if x == 0 else NAN


cdef inline double relu(double x) noexcept nogil:
    return x if x > 0 or x != x else 0.0


cdef inline double step(double x) noexcept nogil:
    return 1.0 if x > 0 else 0.0 if x <= 0 else NAN


cdef inline double sech2(double x) noexcept nogil:
    cdef double e = c_exp(-2.0 * fabs(x))
    return 4.0 * e / (1.0 + e * (2.0 + e))


cdef inline double sigmoid(double x) noexcept nogil:
    cdef double e
    if x >= 0:
        return 1.0 / (1.0 + c_exp(-x))
    e = c_exp(x)
    return e / (1.0 + e)


cdef inline double sigmoid_slope(double x) noexcept nogil:
    cdef double e = c_exp(-fabs(x))
    return e / (1.0 + e * (2.0 + e))


# --- a pile of nodes, for walks and for the release of deep graphs ------------------------------------

cdef struct Pile:
    PyObject** items
    Py_ssize_t size
    Py_ssize_t room

cdef Pile leaving = Pile(NULL, 0, 0)  # of all threads: who comes along drops what lies here


cdef int grow(Pile* pile) except -1:
    cdef Py_ssize_t room = pile.room * 2 if pile.room else 256
    cdef PyObject** items = <PyObject**>realloc(pile.items, room * sizeof(PyObject*))
    if items == NULL:
        raise MemoryError
    pile.items, pile.room = items, room
    return 0


cdef inline int push(Pile* pile, PyObject* node) except -1:
    if pile.size == pile.room:
        grow(pile)
    pile.items[pile.size] = node
    pile.size += 1
    return 0


cdef inline int push_owned(Pile* pile, PyObject* node) except -1:
    push(pile, node)
    Py_INCREF(<object>node)
    return 0


cdef inline int push_operands_owned(Pile* pile, tuple operands) except -1:
    cdef Py_ssize_t i
    for i in range(PyTuple_GET_SIZE(operands)):
        push_owned(pile, PyTuple_GET_ITEM(operands, i))
    return 0


cdef int strip(Value node) except -1:
    """Take the operands from a node that is going, and put them on the pile."""
    node.count = 0
    if node.a is not None:
        push_owned(&leaving, <PyObject*>node.a)
        node.a = None
        if node.b is not None:
            push_owned(&leaving, <PyObject*>node.b)
            node.b = None
    elif node.all is not None:
        if Py_REFCNT(<PyObject*>node.all) == 1:  # else who holds the tuple holds the operands
            push_operands_owned(&leaving, node.all)
        node.all = None
    return 0


cdef int release(Value node) except -1:
    """Let go of the operands without recursion: what nobody else holds is stripped before it is dropped."""
    cdef Py_ssize_t base = leaving.size
    cdef PyObject* p
    strip(node)
    while leaving.size > base:
        leaving.size -= 1
        p = leaving.items[leaving.size]
        if Py_REFCNT(p) == 1 and type(<object>p) is Value and (<Value>p).count:
            strip(<Value>p)
        Py_DECREF(<object>p)
    return 0


# --- the node ----------------------------------------------------------------------------------------------

@cython.auto_pickle(False)
@cython.freelist(1024)
@cython.no_gc
cdef class Value:
    """Value(data, label='', *operation)
--

"""  # the signature; the text is the plain class's

    cdef public double _data, _grad  # what value.py writes behind the properties
    cdef Value a, b
    cdef tuple all
    cdef PyObject* row   # owned; NULL where the code says which
    cdef PyObject* text  # the label, owned; NULL for none
    cdef uint64_t mark
    cdef unsigned char code, count

    def __init__(self, data, label="", *operation):
        if operation:
            recording.own_operation()
        self._data = real(data, "Value")
        set_label(self, label)
        self._grad = 0.0
        if self.code != LEAF:
            hold(self, ())
            recode(self, None)

    def __dealloc__(self):
        Py_XDECREF(self.row)
        Py_XDECREF(self.text)
        if self.count:
            release(self)

    @property
    def data(self):
        """The number, whatever is assigned."""
        return self._data

    @data.setter
    def data(self, x):
        self._data = real(x, "Value.data")
        if PyList_GET_SIZE(attending):
            assigned(self)

    @property
    def grad(self):
        """After y.backward(): ∂y/∂(this)."""
        return self._grad

    @grad.setter
    def grad(self, x):
        self._grad = real(x, "Value.grad")

    @property
    def label(self):
        """A name for pictures and programs."""
        return "" if self.text == NULL else <object>self.text

    @property
    def _label(self):
        return self.label

    @_label.setter
    def _label(self, text):
        set_label(self, text)

    @label.setter
    def label(self, text):
        set_label(self, text)

    @property
    def op(self):
        return row_of(self)

    @op.setter
    def op(self, row):
        recode(self, row)

    @property
    def parents(self):
        return operands_of(self)

    @parents.setter
    def parents(self, operands):
        hold(self, operands if type(operands) is tuple else tuple(operands))
        recode(self, row_of(self))

    # --- operators

    def __add__(self, other): return binary(R_ADD, ADD, self, other, True)
    def __sub__(self, other): return binary(R_SUB, SUB, self, other, True)
    def __mul__(self, other): return binary(R_MUL, MUL, self, other, True)
    def __truediv__(self, other): return binary(R_DIV, DIV, self, other, True)
    def __pow__(self, other): return binary(R_POW, POW, self, other, True)
    def __radd__(self, other): return reflected(R_ADD, ADD, self, other)
    def __rsub__(self, other): return reflected(R_SUB, SUB, self, other)
    def __rmul__(self, other): return reflected(R_MUL, MUL, self, other)
    def __rtruediv__(self, other): return reflected(R_DIV, DIV, self, other)
    def __rpow__(self, other): return reflected(R_POW, POW, self, other)
    def __neg__(self): return unary(R_NEG, NEG, self)
    def __pos__(self): return self


cdef inline Value fresh():
    return Value.__new__(Value)


cdef bint is_array(object x):
    return bool(getattr(x, "ndim", None)) and hasattr(x, "__array_ufunc__")


cdef inline bint is_value(object x) noexcept:
    return PyObject_TypeCheck(x, <PyTypeObject*>Value)


cdef inline object row_of(Value node):
    return ROWS[node.code] if node.code < TABLE_ROW else <object>node.row


cdef tuple operands_of(Value node):
    if node.count == MANY:
        return node.all
    if node.count == 2:
        return (node.a, node.b)
    return (node.a,) if node.count else ()


cdef int set_label(Value node, object text) except -1:
    cdef PyObject* old = node.text
    if not isinstance(text, str):
        recording.text(text, "Value: the label")
    node.text = NULL
    if text:
        Py_INCREF(text)
        node.text = <PyObject*>text
    Py_XDECREF(old)
    return 0


cdef int hold(Value node, tuple operands) except -1:
    """Give a node other operands; the old ones go last, since dropping them may run anything."""
    for x in operands:
        if not is_value(x):
            raise AutogradTypeError(f"parents are a tuple of Values, and were given as {recording.given(operands)}")
    old = node.a, node.b, node.all
    node.a = node.b = node.all = None
    node.count = 0
    cdef Py_ssize_t n = PyTuple_GET_SIZE(operands)
    if n > 2:
        node.all, node.count = operands, MANY
    elif n > 0:
        node.a = <Value>operands[0]
        node.b = <Value>operands[1] if n == 2 else None
        node.count = n
    return 0


cdef int recode(Value node, object row) except -1:
    """Give a node another row: a short cut only where it has as many operands as that expects."""
    cdef PyObject* old = node.row
    cdef int code = LEAF if row is None else CODES.get(row, TABLE_ROW)
    if code == SUMPROD and (node.count != MANY or PyTuple_GET_SIZE(node.all) % 2):
        code = TABLE_ROW
    elif code != LEAF and code != TABLE_ROW and OPERANDS[code] != node.count:
        code = TABLE_ROW
    node.row = NULL
    if code == TABLE_ROW:
        Py_INCREF(row)
        node.row = <PyObject*>row
    node.code = code
    Py_XDECREF(old)
    return 0


# --- making nodes ------------------------------------------------------------------------------------------

cdef inline double real(object x, object where) except? -1.0:
    """As recording.number, which is asked for what is neither a float nor a whole number."""
    if type(x) is float:
        return PyFloat_AS_DOUBLE(x)
    if type(x) is int:
        try:
            return PyLong_AsDouble(x)
        except OverflowError:
            pass
    return number(x, where)


cdef inline Value literal_of(object x, object where):
    cdef Value node = fresh()
    node._data = real(x, where)
    node.code = LITERAL
    return node


cdef inline Value finished(Value node, object row, int code):
    node.code = code
    if code == TABLE_ROW:
        Py_INCREF(row)
        node.row = <PyObject*>row
    if PyList_GET_SIZE(attending):
        attend(node)
    return node


cdef object binary(object row, int code, Value x, object other, bint infix):
    if is_value(other):
        return of_two(row, code, x, <Value>other)
    if type(other) is float or type(other) is int:
        return of_two(row, code, x, literal_of(other, "number" if type(other) is float else row.name))
    if infix and is_array(other):
        return NotImplemented
    return of_two(row, code, x, literal_of(other, row.name))


cdef object reflected(object row, int code, Value y, object other):
    if is_value(other):  # y is of a subclass, and was asked first
        return of_two(row, code, <Value>other, y)
    if type(other) is not float and type(other) is not int and is_array(other):
        return NotImplemented
    return of_two(row, code, literal_of(other, row.name), y)


cdef inline Value of_two(object row, int code, Value x, Value y):
    cdef Value node = fresh()
    if code == ADD:
        node._data = x._data + y._data
    elif code == MUL:
        node._data = x._data * y._data
    elif code == SUB:
        node._data = x._data - y._data
    elif code == DIV:
        node._data = div(x._data, y._data)
    else:
        node._data = c_pow(x._data, y._data) if code == POW else NAN  # which no row has given yet
        if not isfinite(node._data) or not isfinite(x._data) or not isfinite(y._data):
            node._data = real(row.function(x._data, y._data), row.name)
    node.a, node.b, node.count = x, y, 2
    return finished(node, row, code)


cdef inline Value unary(object row, int code, Value x):
    cdef Value node = fresh()
    if code == NEG:
        node._data = -x._data
    elif code == EXP:
        node._data = c_exp(x._data)
    elif code == LOG:
        node._data = log(x._data)
    elif code == RELU:
        node._data = relu(x._data)
    elif code == TANH:
        node._data = c_tanh(x._data)
    elif code == SIGMOID:
        node._data = sigmoid(x._data)
    else:
        node._data = real(row.function(x._data), row.name)
    node.a, node.count = x, 1
    return finished(node, row, code)


cdef inline double at(tuple xs, Py_ssize_t i) noexcept:
    return (<Value>PyTuple_GET_ITEM(xs, i))._data


cdef Value sum_of_products(tuple pq):
    """Σ pᵢ·qᵢ from left to right, of two pairs or more."""
    cdef Py_ssize_t i, n = PyTuple_GET_SIZE(pq) // 2
    cdef double total = at(pq, 0) * at(pq, n)
    for i in range(1, n):
        total = total + at(pq, i) * at(pq, n + i)
    cdef Value node = fresh()
    node._data, node.all, node.count = total, pq, MANY
    return finished(node, R_SUMPROD, SUMPROD)


cdef Value recorded(object row, tuple operands):
    cdef Py_ssize_t i, n = PyTuple_GET_SIZE(operands)
    cdef int code = CODES.get(row, TABLE_ROW)
    cdef Value node
    for i in range(n):
        if not PyObject_TypeCheck(<object>PyTuple_GET_ITEM(operands, i), <PyTypeObject*>Value):
            x = operands[i]
            raise AutogradTypeError(f"{row.name} is recorded of Values, and was given {recording.given(x)}")
    if code == SUMPROD and n > 2 and n % 2 == 0:
        return sum_of_products(operands)
    if n == 2 and (code == TABLE_ROW or OPERANDS[code] == 2):
        return of_two(row, code, <Value>operands[0], <Value>operands[1])
    if n == 1 and (code == TABLE_ROW or OPERANDS[code] == 1):
        return unary(row, code, <Value>operands[0])
    node = fresh()
    hold(node, operands)
    node._data = real(row.function(*[(<Value>x)._data for x in operands]), row.name)
    return finished(node, row, TABLE_ROW)


# --- the walk and the sweep ----------------------------------------------------------------------------------

cdef uint64_t epoch = 0  # of the last backward(), even


cdef inline int visit(Pile* stack, Value node) except -1:
    if node.mark < epoch and node.code != LEAF:
        push(stack, <PyObject*>node)
    return 0


cdef int walk(Value root, Pile* order, bint literals) except -1:
    """As restart: zero all but the leaves, and list them, operands before consumers: read it from its end."""
    global epoch
    cdef Pile stack = Pile(NULL, 0, 0)
    cdef PyObject* p
    cdef Value node
    cdef Py_ssize_t i
    epoch += 2
    try:
        visit(&stack, root)
        while stack.size:
            stack.size -= 1
            p = stack.items[stack.size]
            if p == NULL:  # every operand of the next one has been placed
                stack.size -= 1
                push_owned(order, stack.items[stack.size])
                continue
            node = <Value>p
            if node.mark == epoch:
                continue
            node.mark = epoch
            node._grad = 0.0
            if node.count == 0:
                if literals:
                    push_owned(order, p)
                continue
            push(&stack, p)
            push(&stack, NULL)
            if node.count == MANY:
                for i in range(PyTuple_GET_SIZE(node.all)):
                    visit(&stack, <Value>PyTuple_GET_ITEM(node.all, i))
            else:
                visit(&stack, node.a)
                if node.count == 2:
                    visit(&stack, node.b)
    finally:
        free(stack.items)
    return 0


cdef int drop(Pile* order) except -1:
    cdef Py_ssize_t i
    for i in range(order.size):
        Py_DECREF(<object>order.items[i])
    free(order.items)
    return 0


cdef int sweep(Pile* order, uint64_t reached) except -1:
    cdef Py_ssize_t i = order.size
    cdef bint short = not replaced()
    while i:
        i -= 1
        if (<Value>order.items[i]).mark == reached:  # other nodes stand below branches that were not taken
            pass_on(<Value>order.items[i], short, reached)
    return 0


cdef inline void give(Value x, double g, double d, uint64_t reached) noexcept:
    x._grad += g * d
    x.mark = reached


cdef inline int pass_on(Value node, bint short, uint64_t reached) except -1:
    """The chain rule at one node: upstream × local for every operand."""
    cdef double g = node._grad, dx, dy
    cdef int code = node.code if short else TABLE_ROW
    if code == ADD:
        give(node.a, g, 1.0, reached)
        give(node.b, g, 1.0, reached)
    elif code == MUL:
        give(node.a, g, node.b._data, reached)
        give(node.b, g, node.a._data, reached)
    elif code == SUB:
        give(node.a, g, 1.0, reached)
        give(node.b, g, -1.0, reached)
    elif code == SUMPROD:
        swap_halves(node.all, g, reached)
    elif code == NEG:
        give(node.a, g, -1.0, reached)
    elif code == EXP:
        give(node.a, g, node._data, reached)
    elif code == LOG:
        give(node.a, g, log_slope(node.a._data), reached)
    elif code == RELU:
        dx = step(node.a._data)
        if dx != 0.0:  # 0: not taken
            give(node.a, g, dx, reached)
    elif code == TANH:
        give(node.a, g, sech2(node.a._data), reached)
    elif code == SIGMOID:
        give(node.a, g, sigmoid_slope(node.a._data), reached)
    elif code == DIV:
        give(node.a, g, div(1.0, node.b._data), reached)
        give(node.b, g, div_slope(node.a._data, node.b._data), reached)
    elif code == POW and pow_slopes(node.a._data, node.b._data, &dx, &dy):
        give(node.a, g, dx, reached)
        give(node.b, g, dy, reached)
    else:
        by_the_table(operands_of(node), row_of(node), node._data, g, reached)
    return 0


cdef void swap_halves(tuple pq, double g, uint64_t reached) noexcept:
    """∂Σpᵢqᵢ/∂pᵢ = qᵢ, ∂Σpᵢqᵢ/∂qᵢ = pᵢ."""
    cdef Py_ssize_t i, n = PyTuple_GET_SIZE(pq) // 2
    for i in range(n):
        give(<Value>PyTuple_GET_ITEM(pq, i), g, at(pq, n + i), reached)
    for i in range(n):
        give(<Value>PyTuple_GET_ITEM(pq, n + i), g, at(pq, i), reached)


cdef int by_the_table(tuple operands, object row, double o, double g, uint64_t reached) except -1:
    selects = row.selects
    cdef tuple partials = tuple(row.rule(o, *[(<Value>x)._data for x in operands]))
    if PyTuple_GET_SIZE(partials) != PyTuple_GET_SIZE(operands):
        raise AutogradValueError(
            f"the rule of {row.name!r} gave {len(partials)} partial derivative(s) for {len(operands)} operand(s)")
    for i, d in enumerate(partials):
        if d or (d is not None and i not in selects):
            give(<Value>operands[i], g, d, reached)
    return 0


def backward(Value self not None, gradient=1.0):
    cdef double seed = real(gradient, "backward(gradient)")
    cdef Pile order = Pile(NULL, 0, 0)
    cdef uint64_t reached
    watcher = watcher_here() if PyList_GET_SIZE(attending) else None
    if watcher is not None:
        watcher.before_backward(self)
    try:
        walk(self, &order, False)
        reached = self.mark = epoch + 1
        self._grad += seed
        sweep(&order, reached)
    finally:
        drop(&order)
    if self.mark != reached:
        raise AutogradValueError("backward() ran from this node in another thread too: the gradients are mixed up")
    if watcher is not None:
        watcher.after_backward(self)


# --- what value.py and functions.py have besides the class ------------------------------------------------------

def node_of(row, operands):
    return recorded(row, operands)


def restart(root):
    cdef Pile order = Pile(NULL, 0, 0)
    cdef Py_ssize_t i
    if not is_value(root):
        raise AutogradTypeError(f"restart walks the graph below a Value, and was given {recording.given(root)}")
    try:
        walk(root, &order, True)
        return [<object>order.items[i] for i in range(order.size - 1, -1, -1)]
    finally:
        drop(&order)


def computed_from(y, xs):
    global epoch
    cdef Pile stack = Pile(NULL, 0, 0)
    cdef Value node
    cdef Py_ssize_t i
    epoch += 2  # what has this mark is on the stack, or has been
    for x in xs:
        (<Value?>x).mark = epoch
    try:
        mark_and_push(&stack, <Value?>y)
        while stack.size:
            stack.size -= 1
            node = <Value>stack.items[stack.size]
            if node.code == LEAF:
                return False
            if node.count == MANY:
                for i in range(PyTuple_GET_SIZE(node.all)):
                    mark_and_push(&stack, <Value>PyTuple_GET_ITEM(node.all, i))
            elif node.count:
                mark_and_push(&stack, node.a)
                if node.count == 2:
                    mark_and_push(&stack, node.b)
        return True
    finally:
        free(stack.items)


cdef inline int mark_and_push(Pile* stack, Value node) except -1:
    if node.mark < epoch:
        node.mark = epoch
        push(stack, <PyObject*>node)
    return 0


def literal(x, where="literal"):
    return literal_of(x, where)


def apply(row, operands):
    """As functions.apply."""
    cdef tuple xs = tuple(operands)
    for x in xs:
        if is_value(x):
            for x in xs:
                if not is_value(x):
                    return recorded(row, tuple([x if is_value(x) else literal_of(x, row.name) for x in xs]))
            return recorded(row, xs)
    return row.function(*[number(x, row.name) for x in xs])


cdef Value ONE = literal_of(1.0, "")


cdef inline void place(tuple xs, Py_ssize_t i, PyObject* x) noexcept:
    Py_INCREF(<object>x)  # the tuple takes this reference over
    PyTuple_SET_ITEM(xs, i, <object>x)


def weighted_sum(theta, bias, inputs, label):
    """As functions.weighted_sum."""
    cdef list first = theta if type(theta) is list else list(theta)
    cdef list second = inputs if type(inputs) is list else list(inputs)
    cdef Py_ssize_t i, n = PyList_GET_SIZE(first), pairs = n + (bias is not None)
    cdef tuple pq
    if PyList_GET_SIZE(second) == n:
        pq = PyTuple_New(2 * pairs)
        for i in range(n):
            place(pq, i, PyList_GET_ITEM(first, i))
            place(pq, pairs + i, PyList_GET_ITEM(second, i))
        if bias is not None:
            place(pq, n, <PyObject*>bias)
            place(pq, pairs + n, <PyObject*>ONE)
    else:
        pq = (*first, *second) if bias is None else (*first, bias, *second, ONE)
    PyObject_GC_UnTrack(<PyObject*>pq)  # it holds nothing that the cyclic collector knows
    cdef Value u = recorded(R_SUMPROD, pq)
    set_label(u, label)
    return u


def caller(row):
    """As functions.caller."""
    cdef int arity = -1 if row.arity is None else row.arity, code = CODES.get(row, TABLE_ROW)
    name = row.name

    def call(*operands):
        if arity >= 0 and PyTuple_GET_SIZE(operands) != arity:
            raise AutogradTypeError(f"{name} takes {arity} operand(s), and was given {len(operands)}")
        if arity == 1 and is_value(operands[0]):
            return unary(row, code, <Value>operands[0])
        return apply(row, operands)

    call.__annotations__ = {"operands": "Any", "return": "Any"}
    return call


# --- everything else is the plain class's own ----------------------------------------------------------------------

SIGNS = {"__abs__": "abs", "__lt__": "lt", "__le__": "le", "__gt__": "gt", "__ge__": "ge"}


def row_behind(kept):
    """The row that a method of the plain class is: one of SIGNS, or what value.py made of a row; else None."""
    name = getattr(kept, "__name__", "")
    made_of_row = getattr(getattr(kept, "__code__", None), "co_name", "") == "method"
    return TABLE.get(SIGNS.get(name, name if made_of_row else ""))


def method_of(row, kept):
    """As the plain method, without a detour through Python."""
    cdef bint infix = kept.__name__ in SIGNS
    cdef int code = CODES.get(row, TABLE_ROW)
    if row.arity == 1:
        def method(Value self not None):
            return unary(row, code, self)
    else:
        def method(Value self not None, other):
            return binary(row, code, self, other, infix)
    method.__name__, method.__qualname__ = kept.__name__, kept.__qualname__
    return method


def take_over():
    """Give the class what it does not have itself; and what it has, the plain one's signature, text and source."""
    Value.__name__ = "Value"  # in messages too
    Value.backward, backward.__qualname__ = backward, "Value.backward"  # a method of the class would take any self
    itself = ("__new__", "__init__", "__dict__", "__weakref__", *plain.Value.__slots__)
    always = ("__doc__", "__module__", "__repr__", "__reduce__", "__setstate__")
    faster = {}
    for name, kept in vars(plain.Value).items():
        if name in itself:
            continue
        if name not in vars(Value) or name in always:
            row = row_behind(kept)
            if row is not None:  # one method has several names
                faster[kept] = faster.get(kept) or method_of(row, kept)
            setattr(Value, name, kept if row is None else faster[kept])
        own = vars(Value)[name]
        if own is not kept and hasattr(own, "__dict__"):
            own.__doc__, own.__module__, own.__wrapped__ = kept.__doc__, kept.__module__, kept


take_over()
for function in (node_of, literal, restart, computed_from):
    kept = getattr(plain, function.__name__)
    function.__doc__, function.__module__, function.__wrapped__ = kept.__doc__, kept.__module__, kept
