;;; Guile on Boehm's collector: threads that allocate while others compute, sleep and wait for sockets and locks. Prints
;;; the same natively and under iopatch.
(use-modules (ice-9 threads) (srfi srfi-1) (rnrs bytevectors) (ice-9 binary-ports))

(define (tree depth value)
  (if (zero? depth)
      (list value)
      (list value (tree (- depth 1) (* 2 value)) (tree (- depth 1) (+ 1 (* 2 value))))))

(define (total tree)
  (apply + (car tree) (map total (cdr tree))))

;; Trees, the last four of which are alive.
(define (allocate n)
  (let ((alive (make-vector 4 '(0))))
    (let loop ((round 0) (sum 0))
      (if (= round 60)
          sum
          (begin
            (vector-set! alive (modulo round 4) (tree 8 (+ n round)))
            (loop (+ round 1) (+ sum (apply + (map total (vector->list alive))))))))))

(define (compute n)
  (let loop ((i 0) (x (+ n 1)))
    (if (= i 2000000)
        x
        (loop (+ i 1) (logand (+ (* x 1664525) 1013904223) #xffffffff)))))

(define (nap n)
  (let loop ((i 0) (mine '()))
    (if (= i 100)
        (apply + mine)
        (begin
          (usleep 500)
          (loop (+ i 1) (cons (+ n i) mine))))))

(define (converse n)
  (let* ((ends (socketpair AF_UNIX SOCK_STREAM 0))
         (echo (call-with-new-thread
                (lambda ()
                  (let loop ()
                    (let* ((buffer (make-bytevector 100))
                           (got (recv! (cdr ends) buffer)))
                      (unless (zero? got)
                        (send (cdr ends) (let ((said (make-bytevector got)))
                                           (bytevector-copy! buffer 0 said 0 got)
                                           said))
                        (loop))))))))
    (let loop ((i 0) (sum 0))
      (if (= i 100)
          (begin
            (shutdown (car ends) 1)
            (join-thread echo)
            sum)
          (let ((heard (make-bytevector 100)))
            (send (car ends) (make-bytevector (+ 1 (modulo (+ n i) 50)) i))
            (let ((got (recv! (car ends) heard)))
              (loop (+ i 1) (+ sum (apply + (take (bytevector->u8-list heard) got))))))))))

(define lock (make-mutex))
(define changed (make-condition-variable))
(define turn 0)

(define (take-turns n)
  (let loop ((round 0) (said '()))
    (if (= round 50)
        (apply + (map string->number said))
        (loop (+ round 1)
              (with-mutex lock
                (let wait ()
                  (unless (= (modulo turn 4) n)
                    (wait-condition-variable changed lock)
                    (wait)))
                (let ((mine (number->string turn)))
                  (set! turn (+ turn 1))
                  (broadcast-condition-variable changed)
                  (cons mine said)))))))

(define threads
  (append-map
   (lambda (work)
     (map (lambda (n) (call-with-new-thread (lambda () (work n)))) (iota 4)))
   (list allocate compute nap converse take-turns)))

(do ((i 0 (+ i 1))) ((= i 20)) (gc))
(display (map join-thread threads))
(newline)
(exit 7)
